#pragma once

#include <google/protobuf/message.h>

#include <string_view>

#include "common/rpc/message_plan.h"

namespace sockel::rpc {

// What a Timestamp, Duration or Date should be and is not; empty when it is
// valid.
std::string_view WhatIsWrongWith(const google::protobuf::Message& message,
                                 FieldPlan::Meaning meaning);

}  // namespace sockel::rpc
