#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/time/time.h"

// Structured log: one JSON object per line on stderr,
//   {"time":"2026-01-31T09:00:00.000123Z","level":"info","message":"…", …fields}
// Never personal data: resource names and hashes, no names of people, no
// addresses, no content. A line below the level costs one comparison.
namespace sockel::log {

enum class Level { kDebug, kInfo, kWarning, kError };

// `debug`, `info`, `warning`, `error`.
std::optional<Level> LevelFrom(std::string_view name);
std::string_view NameOf(Level level);

// One field of a line. Text is borrowed: it must live until the call returns.
struct Field {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  template <typename T>
  Field(std::string_view name, const T& given) : key(name), value(Convert(given)) {}

  std::string_view key;
  Value value;

 private:
  static Value Convert(bool given) { return given; }
  static Value Convert(double given) { return given; }
  static Value Convert(std::signed_integral auto given) { return static_cast<std::int64_t>(given); }
  static Value Convert(std::unsigned_integral auto given) {
    return static_cast<std::uint64_t>(given);
  }
  static Value Convert(const char* given) { return std::string_view(given); }
  static Value Convert(std::string_view given) { return given; }
  static Value Convert(const std::string& given) { return std::string_view(given); }
  // Seconds.
  static Value Convert(absl::Duration given) { return absl::ToDoubleSeconds(given); }
};

using Fields = std::initializer_list<Field>;

// Writes lines to one place. Thread-safe, cheap to copy; copies share the
// place and the level.
class Logger {
 public:
  // Receives each finished line, without newline. Called by one thread at a time.
  using LineSink = std::function<void(std::string_view line)>;

  // To stderr.
  explicit Logger(Level level);
  // For tests.
  Logger(Level level, LineSink sink);

  bool Enabled(Level level) const;
  void SetLevel(Level level);
  void Log(Level level, std::string_view message, Fields fields = {}) const;

  void Debug(std::string_view message, Fields fields = {}) const {
    if (Enabled(Level::kDebug)) Log(Level::kDebug, message, fields);
  }
  void Info(std::string_view message, Fields fields = {}) const {
    if (Enabled(Level::kInfo)) Log(Level::kInfo, message, fields);
  }
  void Warning(std::string_view message, Fields fields = {}) const {
    if (Enabled(Level::kWarning)) Log(Level::kWarning, message, fields);
  }
  void Error(std::string_view message, Fields fields = {}) const {
    if (Enabled(Level::kError)) Log(Level::kError, message, fields);
  }

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// The process's logger: level info, stderr. For places that no logger is
// handed to. main() sets its level from the configuration.
Logger& Default();

inline void Debug(std::string_view message, Fields fields = {}) {
  Default().Debug(message, fields);
}
inline void Info(std::string_view message, Fields fields = {}) { Default().Info(message, fields); }
inline void Warning(std::string_view message, Fields fields = {}) {
  Default().Warning(message, fields);
}
inline void Error(std::string_view message, Fields fields = {}) {
  Default().Error(message, fields);
}

}  // namespace sockel::log
