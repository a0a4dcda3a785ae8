#pragma once

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "common/rpc/message_plan.h"

// What of a resource an Update means (AIP-134).
namespace sockel::rpc {

// The request's update mask, null when it has none of its own. Points into the
// request.
const google::protobuf::FieldMask* UpdateMaskOf(const google::protobuf::Message& request,
                                                const MessagePlan& plan);

// INVALID_ARGUMENT/FIELD_INVALID for a path that names nothing of the resource.
absl::Status CheckUpdateMask(const google::protobuf::FieldMask& mask, const MessagePlan& plan);

enum class Meant { kNot, kInPart, kWhole };

// How the update means a field of its resource: with `*` it means all; without
// a mask those that are populated, as if each were meant in part. Never one that
// cannot be changed; always `etag`, which is looked at.
Meant MeantBy(const google::protobuf::FieldMask& mask, const FieldPlan& plan);

}  // namespace sockel::rpc
