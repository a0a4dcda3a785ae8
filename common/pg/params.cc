#include "common/pg/params.h"

#include <cstdio>
#include <limits>

#include "common/ids/ids.h"

namespace sockel::pg {
namespace {

// One element of an array literal, in double quotes.
void AppendElement(std::string& array, std::string_view element) {
  array.push_back('"');
  for (const char c : element) {
    if (c == '"' || c == '\\') array.push_back('\\');
    array.push_back(c);
  }
  array.push_back('"');
}

template <typename Range, typename ToText>
std::string ArrayLiteral(const Range& range, ToText to_text) {
  std::string array = "{";
  for (const auto& element : range) {
    if (array.size() > 1) array.push_back(',');
    AppendElement(array, to_text(element));
  }
  array.push_back('}');
  return array;
}

std::string TimeLiteral(absl::Time value) {
  if (value == absl::InfiniteFuture()) return "infinity";
  if (value == absl::InfinitePast()) return "-infinity";
  return absl::FormatTime("%E4Y-%m-%d %H:%M:%E6S+00", value, absl::UTCTimeZone());
}

std::string BytesLiteral(Bytes bytes) { return "\\x" + ids::ToHex(bytes.value); }

}  // namespace

Params::Text Params::Checked(std::string_view value) {
  if (value.find('\0') != std::string_view::npos) throw InvalidText("a text holds a NUL byte");
  return std::string(value);
}

Params::Text Params::Value(double value) {
  if (value == std::numeric_limits<double>::infinity()) return "Infinity";
  if (value == -std::numeric_limits<double>::infinity()) return "-Infinity";
  if (value != value) return "NaN";
  char text[32];
  std::snprintf(text, sizeof(text), "%.17g", value);
  return text;
}

Params::Text Params::Value(absl::Time value) { return TimeLiteral(value); }

Params::Text Params::Value(absl::CivilDay value) { return absl::FormatCivilTime(value); }

Params::Text Params::Value(Bytes value) { return BytesLiteral(value); }

Params::Text Params::Value(const std::vector<std::string>& value) {
  return ArrayLiteral(value, [](const std::string& text) { return *Checked(text); });
}

Params::Text Params::Value(const std::vector<std::int64_t>& value) {
  return ArrayLiteral(value, [](std::int64_t number) { return std::to_string(number); });
}

Params::Text Params::Value(const std::vector<absl::Time>& value) {
  return ArrayLiteral(value, TimeLiteral);
}

Params::Text Params::Value(const std::vector<Bytes>& value) {
  return ArrayLiteral(value, BytesLiteral);
}

}  // namespace sockel::pg
