#include "services/efile/provisioning/parameters.h"

#include <cmath>
#include <set>
#include <utility>

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

// Absent is empty.
absl::StatusOr<std::string> TextOf(const Struct& object, const std::string& key,
                                   const std::string& path) {
  const Value& value = FieldOf(object, key);
  if (value.kind_case() == Value::KIND_NOT_SET) return std::string();
  if (value.kind_case() == Value::kStringValue) return value.string_value();
  return error::InvalidField(absl::StrCat(path, ".", key), "must be a text");
}

absl::StatusOr<v1::Retention> RetentionFrom(const Struct& object, const std::string& path) {
  v1::Retention retention;
  const Value& years = FieldOf(object, "retention_years");
  if (years.kind_case() == Value::KIND_NOT_SET || years.kind_case() == Value::kNullValue) {
    retention.set_unlimited(true);
  } else if (years.kind_case() == Value::kNumberValue) {
    const double number = years.number_value();
    retention.set_years(number == std::floor(number) && number >= 1 && number <= 200
                            ? static_cast<int>(number)
                            : 0);
  } else {
    return error::InvalidField(path + ".retention_years", "must be a number");
  }
  auto name = TextOf(object, "disposition", path);
  if (!name.ok()) return name.status();
  v1::Retention::Disposition disposition = v1::Retention::DISPOSITION_UNSPECIFIED;
  v1::Retention::Disposition_Parse(*name, &disposition);
  retention.set_disposition(disposition);
  absl::Status valid = CheckRetention(retention, path + ".retention");
  if (!valid.ok()) return valid;
  return retention;
}

absl::StatusOr<OrderedEntry> EntryFrom(const Value& value, const std::string& path) {
  static const RE2 code_pattern("[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}");
  if (!value.has_struct_value()) return error::InvalidField(path, "must be an object");
  const Struct& object = value.struct_value();
  auto code = TextOf(object, "code", path);
  if (!code.ok()) return code.status();
  if (!RE2::FullMatch(*code, code_pattern)) {
    return error::InvalidField(path + ".code", "must be 1 to 64 of letters, digits, '.', '_', '-'");
  }
  auto title = TextOf(object, "title", path);
  if (!title.ok()) return title.status();
  if (title->empty() || text::CodePoints(*title) > kLongestTitle) {
    return error::InvalidField(path + ".title", "must have 1 to 300 characters");
  }
  auto retention = RetentionFrom(object, path);
  if (!retention.ok()) return retention.status();
  OrderedEntry ordered;
  ordered.code = *std::move(code);
  ordered.entry.set_title(*std::move(title));
  *ordered.entry.mutable_retention() = *std::move(retention);
  return ordered;
}

}  // namespace

absl::StatusOr<std::vector<OrderedEntry>> FilePlanFrom(const Struct& parameters) {
  const Value& plan = FieldOf(parameters, "file_plan");
  if (plan.kind_case() != Value::KIND_NOT_SET && !plan.has_list_value()) {
    return error::InvalidField("parameters.file_plan", "must be a list");
  }
  std::vector<OrderedEntry> entries;
  std::set<std::string> codes;
  for (const Value& value : plan.list_value().values()) {
    const std::string path = absl::StrCat("parameters.file_plan[", entries.size(), "]");
    auto entry = EntryFrom(value, path);
    if (!entry.ok()) return entry.status();
    if (!codes.insert(entry->code).second) {
      return error::InvalidField(path + ".code", "must not be in the list twice");
    }
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
