#include "common/pg/rows.h"

#include <stdexcept>
#include <string_view>
#include <tuple>
#include <utility>

namespace sockel::pg {
namespace {

[[noreturn]] void Refuse(const pqxx::field& field, std::string_view wanted) {
  throw std::runtime_error("column " + std::string(field.name()) + " is no " + std::string(wanted));
}

std::string TextOf(const pqxx::field& field, std::string_view wanted) {
  if (field.is_null()) Refuse(field, wanted);
  return std::string(field.c_str(), field.size());
}

}  // namespace

absl::Time GetTime(const pqxx::field& field) {
  std::string text = TextOf(field, "timestamptz");
  if (text == "infinity") return absl::InfiniteFuture();
  if (text == "-infinity") return absl::InfinitePast();
  // The session's TimeZone is UTC, its DateStyle ISO.
  constexpr std::string_view kUtc = "+00";
  if (text.size() < kUtc.size() || text.compare(text.size() - 3, 3, kUtc) != 0) {
    Refuse(field, "timestamptz");
  }
  text.resize(text.size() - kUtc.size());
  absl::Time time;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S", text, absl::UTCTimeZone(), &time, nullptr)) {
    Refuse(field, "timestamptz");
  }
  return time;
}

absl::CivilDay GetDay(const pqxx::field& field) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(TextOf(field, "date"), &day)) Refuse(field, "date");
  return day;
}

std::string GetBytes(const pqxx::field& field) {
  if (field.is_null()) Refuse(field, "bytea");
  const pqxx::binarystring bytes(field);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::string> GetTexts(const pqxx::field& field) {
  if (field.is_null()) Refuse(field, "text[]");
  std::vector<std::string> texts;
  pqxx::array_parser parser = field.as_array();
  for (auto [juncture, text] = parser.get_next(); juncture != pqxx::array_parser::done;
       std::tie(juncture, text) = parser.get_next()) {
    if (juncture == pqxx::array_parser::string_value) texts.push_back(text);
  }
  return texts;
}

}  // namespace sockel::pg
