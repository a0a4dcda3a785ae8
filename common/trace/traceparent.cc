#include "common/trace/traceparent.h"

#include <utility>

#include "absl/random/random.h"

namespace sockel::trace {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

bool IsLowerHex(std::string_view s) {
  return s.find_first_not_of(kDigits) == std::string_view::npos;
}

bool IsZero(std::string_view s) { return s.find_first_not_of('0') == std::string_view::npos; }

// Appends 16 hex digits, never all zero.
void AppendRandom(std::string& out) {
  thread_local absl::InsecureBitGen random;
  uint64_t bits = absl::Uniform<uint64_t>(absl::IntervalClosed, random, 1, UINT64_MAX);
  for (int i = 0; i < 16; ++i, bits <<= 4) out.push_back(kDigits[bits >> 60]);
}

}  // namespace

std::optional<Context> Parse(std::string_view header) {
  // version(2)-trace(32)-parent(16)-flags(2); later versions may add more.
  if (header.size() < 55 || header[2] != '-' || header[35] != '-' || header[52] != '-') {
    return std::nullopt;
  }
  const std::string_view version = header.substr(0, 2);
  const std::string_view trace = header.substr(3, 32);
  const std::string_view span = header.substr(36, 16);
  const std::string_view flags = header.substr(53, 2);
  if (!IsLowerHex(version) || !IsLowerHex(trace) || !IsLowerHex(span) || !IsLowerHex(flags) ||
      version == "ff" || IsZero(trace) || IsZero(span)) {
    return std::nullopt;
  }
  if (version == "00" ? header.size() != 55 : header.size() > 55 && header[55] != '-') {
    return std::nullopt;
  }
  const auto low_nibble = std::string_view(kDigits).find(flags[1]);
  return Context{std::string(trace), std::string(span), (low_nibble & 1) != 0};
}

std::string Format(const Context& context) {
  std::string out;
  out.reserve(55);
  out.append("00-").append(context.trace_id).append("-").append(context.span_id);
  out.append(context.sampled ? "-01" : "-00");
  return out;
}

Context Start() { return {NewTraceId(), NewSpanId()}; }

Context Continue(std::string_view traceparent) {
  std::optional<Context> context = Parse(traceparent);
  return context.has_value() ? *std::move(context) : Start();
}

std::string NewTraceId() {
  std::string id;
  id.reserve(32);
  AppendRandom(id);
  AppendRandom(id);
  return id;
}

std::string NewSpanId() {
  std::string id;
  id.reserve(16);
  AppendRandom(id);
  return id;
}

}  // namespace sockel::trace
