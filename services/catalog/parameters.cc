#include "services/catalog/parameters.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "common/error/error.h"
#include "sockel/catalog/v1/errors.pb.h"

namespace sockel::catalog {
namespace {

using google::protobuf::Struct;
using nlohmann::json;

// Throws when the document is no schema; a `$ref` to another document is one,
// since there is nothing to fetch it with.
void Parse(const json& document, valijson::Schema& schema) {
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(document), schema);
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

absl::Status CheckSchema(const Struct& schema, const std::string& field) {
  try {
    const json document = json::parse(ToJson(schema));
    valijson::Schema parsed;
    Parse(document, parsed);
    return absl::OkStatus();
  } catch (const std::exception& e) {
    absl::Status status =
        error::Make(absl::StatusCode::kInvalidArgument, v1::ErrorReason_Name(v1::SCHEMA_INVALID),
                    absl::StrCat(field, " must be a self-contained JSON Schema (draft 7)"));
    error::AddFieldViolation(status, field, e.what());
    return status;
  }
}

absl::Status CheckParameters(const Struct& schema, const Struct& parameters) {
  try {
    const json document = json::parse(ToJson(schema));
    const json value = json::parse(ToJson(parameters));
    valijson::Schema parsed;
    Parse(document, parsed);
    valijson::ValidationResults results;
    valijson::Validator validator;
    if (validator.validate(parsed, valijson::adapters::NlohmannJsonAdapter(value), &results)) {
      return absl::OkStatus();
    }
    absl::Status status = error::Make(absl::StatusCode::kInvalidArgument,
                                      v1::ErrorReason_Name(v1::PARAMETERS_INVALID),
                                      "order.parameters must fit the plan's parameters_schema");
    valijson::ValidationResults::Error problem;
    while (results.popError(problem)) {
      error::AddFieldViolation(status, FieldPath(problem), problem.description);
    }
    return status;
  } catch (const std::exception& e) {
    return error::Internal(absl::StrCat("stored plan schema: ", e.what()));
  }
}

}  // namespace sockel::catalog
