#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <google/protobuf/struct.pb.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// An order's parameters against the plan's JSON Schema (draft 7).
namespace sockel::catalog {

// Most bytes of an order's parameters, and of a plan's schema, as protobuf
// writes them. A page of orders is limited by size; what is in one is, here.
inline constexpr std::size_t kMostParameterBytes = 64 * 1024;

// INVALID_ARGUMENT naming `field` when it is larger.
absl::Status CheckSize(const google::protobuf::Struct& value, std::string_view field);

// INVALID_ARGUMENT/SCHEMA_INVALID naming `field` when it is no JSON Schema, or
// one with keywords that are refused (see plan_schema.h).
absl::Status CheckSchema(const google::protobuf::Struct& schema, const std::string& field);

// INVALID_ARGUMENT/PARAMETERS_INVALID with a field violation per problem, e.g.
// `order.parameters.admin_email`, for the first twenty. Takes time in
// proportion to schema and parameters: not inside a transaction.
absl::Status CheckParameters(const google::protobuf::Struct& schema,
                             const google::protobuf::Struct& parameters);

// JSON text as stored, and back. FromJson refuses what ToJson cannot have made.
std::string ToJson(const google::protobuf::Struct& value);
absl::StatusOr<google::protobuf::Struct> StructFromJson(const std::string& json);

}  // namespace sockel::catalog
