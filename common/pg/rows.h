#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <pqxx/pqxx>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

// Columns that libpqxx does not read by itself. For the others:
// row["title"].as<std::string>(), row["size"].as<std::int64_t>().
// A NULL or a column of another type throws, which the runner maps to INTERNAL.
namespace sockel::pg {

absl::Time GetTime(const pqxx::field& field);                 // timestamptz
absl::CivilDay GetDay(const pqxx::field& field);              // date
std::string GetBytes(const pqxx::field& field);               // bytea
std::vector<std::string> GetTexts(const pqxx::field& field);  // text[]; no NULL in it

// Nothing for NULL. T: absl::Time, absl::CivilDay, std::string (text),
// integers, bool, double.
template <typename T>
std::optional<T> GetOptional(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  if constexpr (std::is_same_v<T, absl::Time>) {
    return GetTime(field);
  } else if constexpr (std::is_same_v<T, absl::CivilDay>) {
    return GetDay(field);
  } else {
    return field.as<T>();
  }
}

}  // namespace sockel::pg
