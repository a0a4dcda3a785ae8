#include "services/notification/templates/parameters.h"

#include <curl/curl.h>
#include <re2/re2.h>

#include <array>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "common/error/error.h"
#include "common/text/text.h"
#include "services/notification/mail/address.h"

namespace sockel::notification {
namespace {

using v1::TemplateParameter;

constexpr std::size_t kMaxLine = 1024;
constexpr std::size_t kMaxText = 10000;

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

bool IsInteger(const std::string& value) {
  static const re2::RE2 pattern("-?[0-9]{1,18}");
  return re2::RE2::FullMatch(value, pattern);
}

bool ParseDay(const std::string& value, absl::CivilDay* day) {
  static const re2::RE2 pattern("([0-9]{4})-([0-9]{2})-([0-9]{2})");
  int year = 0;
  int month = 0;
  int in_month = 0;
  if (!re2::RE2::FullMatch(value, pattern, &year, &month, &in_month)) return false;
  *day = absl::CivilDay(year, month, in_month);  // normalises the 31st of June
  return day->year() == year && day->month() == month && day->day() == in_month;
}

// Absolute, http or https, without a password in it.
bool IsWebAddress(const std::string& value) {
  if (value.size() > kMaxLine || !IsOneLine(value)) return false;
  std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, value.c_str(), CURLU_NON_SUPPORT_SCHEME) !=
      CURLUE_OK) {
    return false;
  }
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    std::string result;
    if (curl_url_get(url.get(), which, &text, 0) == CURLUE_OK) result = text;
    curl_free(text);
    return result;
  };
  const std::string scheme = part(CURLUPART_SCHEME);
  return (scheme == "http" || scheme == "https") && !part(CURLUPART_HOST).empty() &&
         part(CURLUPART_USER).empty() && part(CURLUPART_PASSWORD).empty();
}

// What would be right, when `value` is not; else empty.
std::string WhatIsWrong(TemplateParameter::Type type, const std::string& value) {
  absl::CivilDay day;
  switch (type) {
    case TemplateParameter::STRING:
      if (IsOneLine(value) && text::CodePoints(value) <= kMaxLine) return "";
      return "must be one line of at most 1,024 characters without control characters";
    case TemplateParameter::TEXT:
      if (IsPlainText(value) && text::CodePoints(value) <= kMaxText) return "";
      return "must be text of at most 10,000 characters without control characters";
    case TemplateParameter::INTEGER:
      return IsInteger(value) ? "" : "must be a whole number of at most 18 digits, such as -17";
    case TemplateParameter::DATE:
      return ParseDay(value, &day) ? "" : "must be a day such as 2024-05-31";
    case TemplateParameter::URL:
      return IsWebAddress(value) ? "" : "must be an absolute http or https address";
    default:
      return "has a type this service does not know";
  }
}

// Collects faults into one error whose reason is that of the first.
class Faults {
 public:
  explicit Faults(std::string_view field) : field_(field) {}

  void Add(std::string_view reason, const std::string& parameter, const std::string& what) {
    if (status_.ok()) {
      status_ =
          error::Make(absl::StatusCode::kInvalidArgument, reason,
                      absl::StrCat("parameter ", parameter, " ", what), {{"parameter", parameter}});
    }
    error::AddFieldViolation(status_, absl::StrCat(field_, "[\"", parameter, "\"]"), what);
  }

  absl::Status Take() { return std::move(status_); }

 private:
  std::string field_;
  absl::Status status_;
};

}  // namespace

absl::Status CheckParameters(const v1::TemplateVersion& version, const ParameterValues& values,
                             std::string_view field) {
  Faults faults(field);
  std::set<std::string> declared;
  for (const TemplateParameter& parameter : version.parameters()) {
    declared.insert(parameter.id());
    const auto value = values.find(parameter.id());
    if (value == values.end()) {
      if (!parameter.optional()) {
        faults.Add("PARAMETER_MISSING", parameter.id(), "is required by the template version");
      }
      continue;
    }
    if (value->second.empty() && parameter.optional()) continue;
    const std::string wrong = WhatIsWrong(parameter.type(), value->second);
    if (!wrong.empty()) faults.Add("PARAMETER_INVALID", parameter.id(), wrong);
  }
  std::set<std::string> surplus;  // sorted: the same request gives the same answer
  for (const auto& [id, value] : values) {
    if (declared.count(id) == 0) surplus.insert(id);
  }
  for (const std::string& id : surplus) {
    faults.Add("PARAMETER_UNKNOWN", id, "is not declared by the template version");
  }
  return faults.Take();
}

std::string ShowParameter(TemplateParameter::Type type, const std::string& value,
                          std::string_view locale) {
  absl::CivilDay day;
  if (type != TemplateParameter::DATE || !ParseDay(value, &day)) return value;
  const std::string_view language = locale.substr(0, 2);
  if (language == "de") {
    return absl::StrFormat("%02d.%02d.%04d", day.day(), day.month(), day.year());
  }
  if (language == "en") {
    static constexpr std::array<const char*, 12> kMonths = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December"};
    return absl::StrFormat("%d %s %d", day.day(), kMonths[static_cast<size_t>(day.month() - 1)],
                           day.year());
  }
  return value;
}

}  // namespace sockel::notification
