#pragma once

#include <string>
#include <vector>

#include <google/protobuf/struct.pb.h>

#include "absl/status/statusor.h"
#include "sockel/efile/v1/file_plan.pb.h"

namespace sockel::efile {

struct OrderedEntry {
  std::string code;
  v1::FilePlanEntry entry;
};

// The file plan in an order's parameters:
//
//   file_plan: [{code, title, retention_years, disposition}]
//
// retention_years from 1 to 200, absent for unlimited; disposition ARCHIVE,
// APPRAISE or DESTROY; no code twice. Other parameters are other services'. No
// file_plan is an empty one. INVALID_ARGUMENT names the field.
absl::StatusOr<std::vector<OrderedEntry>> FilePlanFrom(const google::protobuf::Struct& parameters);

// SHA-256 over tenant and file plan: two orders with the same are the same.
std::string HashOf(const std::string& tenant, const std::vector<OrderedEntry>& entries);

}  // namespace sockel::efile
