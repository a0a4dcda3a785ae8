#include "services/catalog/parameters.h"

#include <gtest/gtest.h>

#include "common/error/error.h"
#include "common/error/payload.h"
#include "sockel/catalog/v1/errors.pb.h"

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
  EXPECT_EQ(error::ReasonOf(status), v1::ErrorReason_Name(v1::PARAMETERS_INVALID));
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
  EXPECT_EQ(error::ReasonOf(status), v1::ErrorReason_Name(v1::SCHEMA_INVALID));
}

TEST(CheckSchemaTest, RefusesReferencesToOtherDocuments) {
  EXPECT_FALSE(
      CheckSchema(Json(R"({"$ref": "http://localhost/other.json"})"), "plan.parameters_schema")
          .ok());
}

}  // namespace
}  // namespace sockel::catalog
