#pragma once

#include <google/protobuf/message.h>

#include <string_view>

#include "absl/status/status.h"
#include "common/rpc/message_plan.h"

namespace sockel::rpc {

struct ValidationContext {
  // Names of resources must lie in this tenant; `*` = any, and then `parent`
  // may be `tenants/-`. Empty: any.
  std::string_view tenant;
  // False for the later messages of a stream: only the first one must be
  // complete.
  bool complete = true;
};

// Checks a request against its plan and puts it into normal form: text to NFC,
// fields that only the server sets cleared. Reads every field once; writes only
// what changes.
//
// Update requests (those with `update_mask` and a resource): the mask's paths
// must exist; of the resource only `name` and what the mask covers is required.
//
// INVALID_ARGUMENT/FIELD_INVALID names up to 20 fields and what would be right.
absl::Status Validate(google::protobuf::Message& request, const MessagePlan& plan,
                      const ValidationContext& context);

}  // namespace sockel::rpc
