#include "common/log/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/time/clock.h"

namespace sockel::log {
namespace {

constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};

Logger::LineSink StderrSink() {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
  sink->set_pattern("%v");
  return [sink](std::string_view line) {
    sink->log(spdlog::details::log_msg("", spdlog::level::info,
                                       spdlog::string_view_t(line.data(), line.size())));
    sink->flush();
  };
}

std::string Line(Level level, std::string_view message, Fields fields) {
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone());
  line["level"] = NameOf(level);
  line["message"] = message;
  for (const Field& field : fields) {
    std::visit([&](const auto& value) { line[std::string(field.key)] = value; }, field.value);
  }
  // Whatever a client managed to get in here must not end the process.
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

struct Logger::State {
  State(Level initial, LineSink target) : level(initial), sink(std::move(target)) {}
  std::atomic<Level> level;
  std::mutex mutex;
  LineSink sink;
};

std::optional<Level> LevelFrom(std::string_view name) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    if (NameOf(level) == name) return level;
  }
  return std::nullopt;
}

std::string_view NameOf(Level level) { return kNames[static_cast<std::size_t>(level)]; }

Logger::Logger(Level level) : Logger(level, StderrSink()) {}

Logger::Logger(Level level, LineSink sink)
    : state_(std::make_shared<State>(level, std::move(sink))) {}

bool Logger::Enabled(Level level) const {
  return level >= state_->level.load(std::memory_order_relaxed);
}

void Logger::SetLevel(Level level) { state_->level.store(level, std::memory_order_relaxed); }

void Logger::Log(Level level, std::string_view message, Fields fields) const {
  if (!Enabled(level)) return;
  const std::string line = Line(level, message, fields);
  const std::lock_guard lock(state_->mutex);
  state_->sink(line);
}

Logger& Default() {
  // Never destroyed: threads may still log while the process ends.
  static Logger* const logger = new Logger(Level::kInfo);
  return *logger;
}

}  // namespace sockel::log
