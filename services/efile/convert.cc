#include "services/efile/convert.h"

namespace sockel::efile {

google::type::Date ToDate(absl::CivilDay day) {
  google::type::Date date;
  date.set_year(static_cast<int>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

std::optional<absl::CivilDay> ToDay(const google::type::Date& date) {
  const absl::CivilDay day(date.year(), date.month(), date.day());
  // CivilDay moves the 31st of June on to July; a date that moves was none.
  const bool exists = date.year() >= 1 && date.year() <= 9999 && day.year() == date.year() &&
                      day.month() == date.month() && day.day() == date.day();
  return exists ? std::optional(day) : std::nullopt;
}

v1::Retention RetentionOf(std::optional<int> years, const std::string& disposition) {
  v1::Retention retention;
  if (years) {
    retention.set_years(*years);
  } else {
    retention.set_unlimited(true);
  }
  retention.set_disposition(
      EnumFrom<v1::Retention::Disposition>(disposition, &v1::Retention::Disposition_Parse));
  return retention;
}

std::optional<int> YearsOf(const v1::Retention& retention) {
  return retention.has_years() ? std::optional<int>(retention.years()) : std::nullopt;
}

}  // namespace sockel::efile
