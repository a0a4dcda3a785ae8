#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace sockel::pg {

// Marks bytes as bytea; a bare string is text. Borrowed until Exec returns.
struct Bytes {
  std::string_view value;
};

// Text that PostgreSQL cannot store: it holds a NUL byte. The runner answers
// INVALID_ARGUMENT.
class InvalidText : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// Arguments of one execution, in order. Accepts
//   std::string, std::string_view, const char*   text, enums by name, uuid, json …
//   bool, integers, double
//   absl::Time                                    timestamptz, microseconds
//   absl::CivilDay                                date
//   pg::Bytes                                     bytea
//   std::vector<std::string>                      text[]
//   std::vector<std::int64_t>                     bigint[]
//   std::vector<absl::Time>                       timestamptz[]
//   std::vector<pg::Bytes>                        bytea[]
//   std::optional of these, nullptr, nullopt      NULL when empty
// The SQL decides the type: every value travels as an untyped literal.
class Params {
 public:
  template <typename... Args>
  Params& Add(const Args&... args) {
    values_.reserve(values_.size() + sizeof...(args));
    (values_.push_back(Value(args)), ...);
    return *this;
  }

  // Each value's text form; nothing for NULL.
  const std::vector<std::optional<std::string>>& values() const { return values_; }

 private:
  using Text = std::optional<std::string>;

  static Text Value(std::nullptr_t) { return std::nullopt; }
  static Text Value(std::nullopt_t) { return std::nullopt; }
  static Text Value(const char* value) { return Checked(value); }
  static Text Value(std::string_view value) { return Checked(value); }
  static Text Value(const std::string& value) { return Checked(value); }
  template <std::same_as<bool> T>
  static Text Value(T value) {
    return value ? "t" : "f";
  }
  template <std::integral T>
  requires(!std::same_as<T, bool>) static Text Value(T value) { return std::to_string(value); }
  static Text Value(double value);
  static Text Value(absl::Time value);
  static Text Value(absl::CivilDay value);
  static Text Value(Bytes value);
  static Text Value(const std::vector<std::string>& value);
  static Text Value(const std::vector<std::int64_t>& value);
  static Text Value(const std::vector<absl::Time>& value);
  static Text Value(const std::vector<Bytes>& value);
  template <typename T>
  static Text Value(const std::optional<T>& value) {
    if (!value.has_value()) return std::nullopt;
    return Value(*value);
  }

  static Text Checked(std::string_view value);

  std::vector<Text> values_;
};

}  // namespace sockel::pg
