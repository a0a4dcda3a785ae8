#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace sockel::rpc {

// Where a field stands in a request, to be told to the client: `book.tags[1]`,
// `book.labels["a"]`. Costs nothing until its text is wanted; points into the
// request.
struct FieldPath {
  const FieldPath* outer;  // null in the request itself
  const google::protobuf::FieldDescriptor* field;
  int index;                                         // -1 = not repeated
  const google::protobuf::Message* entry = nullptr;  // of a map, instead

  std::string Text() const;
};

}  // namespace sockel::rpc
