#include "services/catalog/parameters.h"

#include <gtest/gtest.h>

#include "common/error/error.h"
#include "common/error/payload.h"
#include "services/catalog/shorten.h"

namespace sockel::catalog {
namespace {

google::protobuf::Struct Json(const std::string& text) { return StructFromJson(text).value(); }

const char kSchema[] = R"({
  "type": "object",
  "required": ["tenant_code"],
  "additionalProperties": false,
  "properties": {
    "tenant_code": {"type": "string", "pattern": "^[a-z]+$"},
    "years": {"type": "integer", "minimum": 1}
  }
})";

TEST(CheckParametersTest, AcceptsWhatFits) {
  EXPECT_TRUE(CheckParameters(Json(kSchema), Json(R"({"tenant_code": "smi", "years": 10})")).ok());
}

TEST(CheckParametersTest, NamesTheParameterThatDoesNotFit) {
  const absl::Status status =
      CheckParameters(Json(kSchema), Json(R"({"tenant_code": "smi", "years": 0})"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(error::ReasonOf(status), "PARAMETERS_INVALID");
  auto details = error::internal::GetPayload<google::rpc::BadRequest>(status);
  ASSERT_TRUE(details.has_value());
  ASSERT_NE(details->field_violations_size(), 0);
  EXPECT_EQ(details->field_violations(0).field(), "order.parameters.years");
}

TEST(CheckParametersTest, RefusesMissingAndSurplusOnes) {
  EXPECT_FALSE(CheckParameters(Json(kSchema), Json("{}")).ok());
  EXPECT_FALSE(CheckParameters(Json(kSchema), Json(R"({"tenant_code": "a", "x": 1})")).ok());
}

TEST(CheckSchemaTest, RefusesWhatIsNoSchema) {
  EXPECT_TRUE(CheckSchema(Json(kSchema), "plan.parameters_schema").ok());
  const absl::Status status = CheckSchema(Json(R"({"type": 7})"), "plan.parameters_schema");
  EXPECT_EQ(error::ReasonOf(status), "SCHEMA_INVALID");
}

google::rpc::BadRequest Details(const absl::Status& status) {
  return error::internal::GetPayload<google::rpc::BadRequest>(status).value_or(
      google::rpc::BadRequest());
}

std::string ReasonOfSchema(const std::string& schema) {
  return error::ReasonOf(CheckSchema(Json(schema), "plan.parameters_schema"));
}

// With valijson alone the first three end the process; the fourth does so when
// something is ordered.
TEST(CheckSchemaTest, RefusesReferences) {
  for (const char* schema : {
           R"({"$ref": "#"})",
           R"({"$ref": "other.json"})",
           R"({"properties": {"a": {"$ref": "#/properties/a"}}})",
           R"({"allOf": [{"$ref": "#"}]})",
           R"({"$ref": "http://localhost/other.json"})",
           R"({"definitions": {"a": {"items": [{"$ref": "#"}]}}})",
           R"({"dependencies": {"a": {"not": {"$ref": "#"}}}})",
       }) {
    EXPECT_EQ(ReasonOfSchema(schema), "SCHEMA_INVALID") << schema;
  }
}

TEST(CheckSchemaTest, RefusesWhatWouldFailOrHangWhenSomethingIsOrdered) {
  for (const char* schema : {
           R"({"multipleOf": 0})",
           R"({"items": {"multipleOf": -1}})",
           R"({"multipleOf": "x"})",
           R"({"patternProperties": {"^(a+)+$": {}}})",
           R"({"pattern": "("})",
           R"({"pattern": 7})",
           R"({"properties": {"a": {"pattern": "(?=x)y"}}})",
       }) {
    EXPECT_EQ(ReasonOfSchema(schema), "SCHEMA_INVALID") << schema;
  }
}

TEST(CheckSchemaTest, TakesPropertiesThatAreNamedAsKeywords) {
  const std::string schema = R"({"properties": {
      "$ref": {"type": "string"}, "pattern": {"type": "integer"}, "format": {"type": "integer"},
      "multipleOf": {"enum": [{"$ref": "#"}]}}})";
  EXPECT_EQ(ReasonOfSchema(schema), "");
  EXPECT_TRUE(CheckParameters(Json(schema), Json(R"({"pattern": 1, "$ref": "x"})")).ok());
  EXPECT_FALSE(CheckParameters(Json(schema), Json(R"({"pattern": "x"})")).ok());
}

TEST(CheckParametersTest, MatchesPatternsWhereverTheyStand) {
  const std::string schema = R"({
      "properties": {"code": {"pattern": "^\\p{L}+$"}, "codes": {"items": {"pattern": "^[a-z]"}}},
      "propertyNames": {"pattern": "^[a-z]+$"},
      "not": {"properties": {"code": {"pattern": "^x"}}, "required": ["code"]}})";
  ASSERT_EQ(ReasonOfSchema(schema), "");
  EXPECT_TRUE(CheckParameters(Json(schema), Json(R"({"code": "äöü", "codes": ["a", 1]})")).ok());
  for (const char* parameters :
       {R"({"code": "1"})", R"({"codes": ["a", "1"]})", R"({"CODE": "a"})", R"({"code": "xa"})"}) {
    EXPECT_FALSE(CheckParameters(Json(schema), Json(parameters)).ok()) << parameters;
  }
}

// std::regex takes longer than anybody waits.
TEST(CheckParametersTest, MatchesPatternsInLinearTime) {
  const std::string schema = R"({"properties": {"mail": {"pattern": "^([a-z0-9]+[._-]?)+@x$"}}})";
  const std::string parameters = R"({"mail": ")" + std::string(1000, 'a') + R"("})";
  const absl::Status status = CheckParameters(Json(schema), Json(parameters));
  EXPECT_EQ(error::ReasonOf(status), "PARAMETERS_INVALID");
}

TEST(CheckParametersTest, AFormatIsForTextsOnly) {
  const std::string schema = R"({"properties": {"since": {"type": "string", "format": "date"},
                                                "free": {"format": "date"}}})";
  ASSERT_EQ(ReasonOfSchema(schema), "");
  EXPECT_TRUE(
      CheckParameters(Json(schema), Json(R"({"since": "2026-02-28", "free": {"a": 1}})")).ok());
  for (const char* parameters : {R"({"since": {"a": 1}})", R"({"since": "2026-02-31"})"}) {
    EXPECT_EQ(error::ReasonOf(CheckParameters(Json(schema), Json(parameters))),
              "PARAMETERS_INVALID")
        << parameters;
  }
}

TEST(CheckParametersTest, NamesTheFirstTwentyOfManyProblemsInAFewWords) {
  google::protobuf::Struct parameters;
  for (int i = 0; i < 100; ++i) {
    (*parameters.mutable_fields())[std::to_string(i) + std::string(500, 'x')].set_string_value("x");
  }
  const absl::Status status =
      CheckParameters(Json(R"({"additionalProperties": {"type": "integer"}})"), parameters);
  EXPECT_EQ(error::ReasonOf(status), "PARAMETERS_INVALID");
  const auto details = Details(status);
  ASSERT_EQ(details.field_violations_size(), 20);
  for (const auto& violation : details.field_violations()) {
    EXPECT_LE(violation.field().size(), 200u);
    EXPECT_LE(violation.description().size(), 200u);
  }
}

TEST(CheckSizeTest, KnowsTheLimitToTheByte) {
  google::protobuf::Struct value;
  std::string& text = *(*value.mutable_fields())["x"].mutable_string_value();
  text.assign(kMostParameterBytes, 'x');
  text.resize(2 * kMostParameterBytes - value.ByteSizeLong());
  ASSERT_EQ(value.ByteSizeLong(), kMostParameterBytes);
  EXPECT_TRUE(CheckSize(value, "order.parameters").ok());
  text.push_back('x');
  const absl::Status status = CheckSize(value, "order.parameters");
  EXPECT_EQ(error::ReasonOf(status), "FIELD_INVALID");
  EXPECT_EQ(Details(status).field_violations(0).field(), "order.parameters");
}

TEST(ShortenTest, LeavesWholeCharacters) {
  EXPECT_EQ(Shorten("abc", 3), "abc");
  EXPECT_EQ(Shorten("abcd", 3), "abc");
  EXPECT_EQ(Shorten("aä€", 2), "a");
  EXPECT_EQ(Shorten("aä€", 5), "aä");
}

}  // namespace
}  // namespace sockel::catalog
