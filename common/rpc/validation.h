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
// must exist. Rules hold for what may be changed by it: for the fields that the
// mask names or names something of, for all with `*` and, if they are populated,
// without a mask; never for IMMUTABLE ones. The others are cleared, too, but for
// `name`, which is required, and `etag`.
//
// INVALID_ARGUMENT/FIELD_INVALID names up to 20 fields and what would be right;
// an entry of a map by its key, `labels["a"]`.
absl::Status Validate(google::protobuf::Message& request, const MessagePlan& plan,
                      const ValidationContext& context);

}  // namespace sockel::rpc
