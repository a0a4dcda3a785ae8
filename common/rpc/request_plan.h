#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/rpc/message_plan.h"

namespace sockel::rpc {

// What the dispatcher reads from a request besides its checks: whose tenant it
// is about, and its request_id. Immutable.
class RequestPlan {
 public:
  explicit RequestPlan(const MessagePlan& message);

  const MessagePlan& message() const { return *message_; }

  // The tenant code in the first name that has one: of `name`, `parent`, other
  // references in order, then, of an update, the name of its resource. Empty when
  // there is none. Points into the request; syntax not checked. `field`, if
  // given, becomes the path of that field.
  std::string_view Tenant(const google::protobuf::Message& request,
                          std::string_view* field = nullptr) const;

  // Empty when there is none.
  std::string RequestId(const google::protobuf::Message& request) const;

  // SHA-256 over method, subject and everything in the request but its
  // request_id: equal for repetitions, different for anything else.
  std::string Hash(google::protobuf::Message& request, std::string_view method,
                   std::string_view subject) const;

 private:
  struct NameField {
    const google::protobuf::FieldDescriptor* outer;  // null when in the request itself
    const google::protobuf::FieldDescriptor* field;
    std::string path;
  };

  const MessagePlan* message_;
  std::vector<NameField> names_;
  const google::protobuf::FieldDescriptor* request_id_;
};

}  // namespace sockel::rpc
