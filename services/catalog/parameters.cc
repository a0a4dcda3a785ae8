#include "services/catalog/parameters.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "services/catalog/plan_schema.h"
#include "services/catalog/shorten.h"

namespace sockel::catalog {
namespace {

using google::protobuf::Struct;
using nlohmann::json;

// An error travels in a few KiB of metadata.
constexpr int kMostViolations = 20;
constexpr std::size_t kMostViolationBytes = 200;

void AddViolation(absl::Status& status, const std::string& field, const std::string& description) {
  error::AddFieldViolation(status, Shorten(field, kMostViolationBytes),
                           Shorten(description, kMostViolationBytes));
}

// `["admin"]["email"]` as valijson has it → `order.parameters.admin.email`.
std::string FieldPath(const valijson::ValidationResults::Error& error) {
  std::string path = "order.parameters";
  for (size_t i = 1; i < error.context.size(); ++i) {
    std::string part = error.context[i];
    if (part.size() >= 2 && part.front() == '[' && part.back() == ']') {
      part = part.substr(1, part.size() - 2);
    }
    if (part.size() >= 2 && part.front() == '"') part = part.substr(1, part.size() - 2);
    absl::StrAppend(&path, ".", part);
  }
  return path;
}

}  // namespace

std::string ToJson(const Struct& value) {
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(value, &text).ok()) return "{}";
  return text;
}

absl::StatusOr<Struct> StructFromJson(const std::string& text) {
  Struct value;
  if (!google::protobuf::util::JsonStringToMessage(text, &value).ok()) {
    return error::Internal("stored JSON is no object");
  }
  return value;
}

absl::Status CheckSize(const Struct& value, std::string_view field) {
  if (value.ByteSizeLong() <= kMostParameterBytes) return absl::OkStatus();
  return error::InvalidField(field,
                             absl::StrCat("must have at most ", kMostParameterBytes, " bytes"));
}

absl::Status CheckSchema(const Struct& schema, const std::string& field) {
  try {
    valijson::Schema parsed;
    ReadPlanSchema(json::parse(ToJson(schema)), parsed);
    return absl::OkStatus();
  } catch (const std::exception& e) {
    absl::Status status =
        error::Make(absl::StatusCode::kInvalidArgument, "SCHEMA_INVALID",
                    absl::StrCat(field, " must be a self-contained JSON Schema (draft 7)"));
    AddViolation(status, field, e.what());
    return status;
  }
}

absl::Status CheckParameters(const Struct& schema, const Struct& parameters) {
  try {
    const json value = json::parse(ToJson(parameters));
    valijson::Schema parsed;
    ReadPlanSchema(json::parse(ToJson(schema)), parsed);
    valijson::ValidationResults results;
    valijson::Validator validator;
    if (validator.validate(parsed, valijson::adapters::NlohmannJsonAdapter(value), &results)) {
      return absl::OkStatus();
    }
    absl::Status status = error::Make(absl::StatusCode::kInvalidArgument, "PARAMETERS_INVALID",
                                      "order.parameters must fit the plan's parameters_schema");
    if (results.numErrors() == 0) AddViolation(status, "order.parameters", "must fit the schema");
    valijson::ValidationResults::Error problem;
    for (int i = 0; i < kMostViolations && results.popError(problem); ++i) {
      AddViolation(status, FieldPath(problem), problem.description);
    }
    return status;
  } catch (const std::exception& e) {
    return error::Internal(absl::StrCat("stored plan schema: ", e.what()));
  }
}

}  // namespace sockel::catalog
