#include "common/rpc/access_log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/time/clock.h"

namespace sockel::rpc {
namespace {

constexpr std::size_t kMostBuffered = 4 << 20;
constexpr absl::Duration kPause = absl::Milliseconds(20);

// As a JSON string, quotes included.
std::string Quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// RFC 3339 in UTC; the seconds' part is formatted once a second per thread.
std::string_view TimeText(absl::Time now, std::string& out) {
  thread_local int64_t second = 0;
  thread_local std::string text;
  const int64_t unix_us = absl::ToUnixMicros(now);
  if (unix_us / 1'000'000 != second) {
    second = unix_us / 1'000'000;
    text = absl::FormatTime("%Y-%m-%dT%H:%M:%S", now, absl::UTCTimeZone());
  }
  out = fmt::format("{}.{:06}Z", text, unix_us % 1'000'000);
  return out;
}

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads any more
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

JsonAccessLog::JsonAccessLog(int fd, const std::string& service)
    : fd_(fd),
      prefix_(R"(","level":"info","message":"call","service":)" + Quoted(service)),
      writer_([this] { WriteBatches(); }) {}

JsonAccessLog::~JsonAccessLog() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    work_.Signal();
  }
  writer_.join();
}

void JsonAccessLog::Write(const AccessRecord& record) {
  // Everything but `defect` consists of characters JSON need not escape: names
  // from descriptors, hex digits, checked tenant codes, our own constants.
  const int64_t micros = std::max<int64_t>(absl::ToInt64Microseconds(record.duration), 0);
  std::string time;
  std::string line = fmt::format(
      R"({{"time":"{}{},"method":"{}","code":"{}","ms":{}.{:03},"tenant":"{}","trace_id":"{}")",
      TimeText(absl::Now(), time), prefix_, record.method, absl::StatusCodeToString(record.code),
      micros / 1000, micros % 1000, record.tenant, record.trace_id);
  if (!record.reason.empty()) line.append(R"(,"reason":)").append(Quoted(record.reason));
  if (!record.defect.empty()) line.append(R"(,"defect":)").append(Quoted(record.defect));
  line.append("}\n");
  absl::MutexLock lock(&mutex_);
  if (buffer_.size() + line.size() > kMostBuffered) {
    ++dropped_;
  } else {
    const bool first = buffer_.empty();
    buffer_.append(line);
    if (first) work_.Signal();
  }
}

void JsonAccessLog::WriteBatches() {
  for (bool last = false; !last;) {
    std::string batch;
    {
      absl::MutexLock lock(&mutex_);
      while (buffer_.empty() && !stopping_) work_.Wait(&mutex_);
      // A little more may come: one write for many lines.
      const absl::Time end = absl::Now() + kPause;
      while (!stopping_ && !work_.WaitWithDeadline(&mutex_, end)) {
      }
      last = stopping_;
      batch.swap(buffer_);
      if (const int64_t dropped = std::exchange(dropped_, 0); dropped > 0) {
        batch += fmt::format(
            R"({{"level":"warning","message":"access log lines left out","count":{}}})", dropped);
        batch += '\n';
      }
    }
    WriteAll(fd_, batch);
  }
}

}  // namespace sockel::rpc
