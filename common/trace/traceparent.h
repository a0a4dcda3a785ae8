#pragma once

#include <optional>
#include <string>
#include <string_view>

// W3C Trace Context (https://www.w3.org/TR/trace-context/): which request a
// log line, an audit entry or an outgoing call belongs to.
namespace sockel::trace {

// gRPC metadata key.
inline constexpr std::string_view kHeader = "traceparent";

struct Context {
  std::string trace_id;  // 32 hex digits, lower case, not all zero
  std::string span_id;   // 16 hex digits, lower case, not all zero
  bool sampled = true;
};

// Of an incoming header; nullopt when it is malformed, which the standard asks
// to treat as absent. Accepts future versions as the standard demands.
std::optional<Context> Parse(std::string_view traceparent);

// `00-<trace>-<span>-01`.
std::string Format(const Context& context);

// A new trace.
Context Start();
// What Format() wrote down earlier; a new trace when that is none.
Context Continue(std::string_view traceparent);

// Random ids: unique, not secret. Thread-safe, no system call.
std::string NewTraceId();
std::string NewSpanId();

}  // namespace sockel::trace
