#pragma once

#include <string>

#include <google/protobuf/struct.pb.h>

#include "absl/status/status.h"

// An order's parameters against the plan's JSON Schema (draft 7).
namespace sockel::catalog {

// INVALID_ARGUMENT/SCHEMA_INVALID naming `field` when it is no JSON Schema or
// refers to another document.
absl::Status CheckSchema(const google::protobuf::Struct& schema, const std::string& field);

// INVALID_ARGUMENT/PARAMETERS_INVALID with one field violation per problem,
// e.g. `order.parameters.admin_email`.
absl::Status CheckParameters(const google::protobuf::Struct& schema,
                             const google::protobuf::Struct& parameters);

// JSON text as stored, and back. FromJson refuses what ToJson cannot have made.
std::string ToJson(const google::protobuf::Struct& value);
absl::StatusOr<google::protobuf::Struct> StructFromJson(const std::string& json);

}  // namespace sockel::catalog
