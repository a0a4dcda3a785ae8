#include "services/efile/provisioning/parameters.h"

#include <cmath>

#include <re2/re2.h>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/text/text.h"
#include "services/efile/content/sha256.h"
#include "services/efile/dossiers/rules.h"

namespace sockel::efile {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// As file_plan.proto says.
constexpr std::size_t kLongestTitle = 300;

const Value& FieldOf(const Struct& object, const std::string& key) {
  static const Value absent;
  auto field = object.fields().find(key);
  return field == object.fields().end() ? absent : field->second;
}

absl::StatusOr<OrderedEntry> EntryFrom(const Struct& object, const std::string& path) {
  static const RE2 code_pattern("[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}");
  OrderedEntry ordered;
  ordered.code = FieldOf(object, "code").string_value();
  if (!RE2::FullMatch(ordered.code, code_pattern)) {
    return error::InvalidField(path + ".code", "must be 1 to 64 of letters, digits, '.', '_', '-'");
  }
  const std::string& title = FieldOf(object, "title").string_value();
  if (title.empty() || text::CodePoints(title) > kLongestTitle) {
    return error::InvalidField(path + ".title", "must have 1 to 300 characters");
  }
  ordered.entry.set_title(title);
  v1::Retention& retention = *ordered.entry.mutable_retention();
  const Value& years = FieldOf(object, "retention_years");
  if (years.kind_case() == Value::KIND_NOT_SET || years.has_null_value()) {
    retention.set_unlimited(true);
  } else {
    const double number = years.number_value();
    retention.set_years(number == std::floor(number) && number >= 1 && number <= 200
                            ? static_cast<int>(number)
                            : 0);
  }
  v1::Retention::Disposition disposition = v1::Retention::DISPOSITION_UNSPECIFIED;
  v1::Retention::Disposition_Parse(FieldOf(object, "disposition").string_value(), &disposition);
  retention.set_disposition(disposition);
  absl::Status valid = CheckRetention(retention, path + ".retention");
  if (!valid.ok()) return valid;
  return ordered;
}

}  // namespace

absl::StatusOr<std::vector<OrderedEntry>> FilePlanFrom(const Struct& parameters) {
  const Value& plan = FieldOf(parameters, "file_plan");
  if (plan.kind_case() != Value::KIND_NOT_SET && !plan.has_list_value()) {
    return error::InvalidField("parameters.file_plan", "must be a list");
  }
  std::vector<OrderedEntry> entries;
  for (const Value& value : plan.list_value().values()) {
    auto entry =
        EntryFrom(value.struct_value(), absl::StrCat("parameters.file_plan[", entries.size(), "]"));
    if (!entry.ok()) return entry.status();
    entries.push_back(*std::move(entry));
  }
  return entries;
}

std::string HashOf(const std::string& tenant, const std::vector<OrderedEntry>& entries) {
  Sha256 hash;
  const auto add = [&](const std::string& text) {
    hash.Update(absl::StrCat(text.size(), ":", text));
  };
  add(tenant);
  for (const OrderedEntry& ordered : entries) {
    add(ordered.code);
    add(ordered.entry.SerializeAsString());
  }
  return hash.Finish();
}

}  // namespace sockel::efile
