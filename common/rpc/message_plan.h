#pragma once

#include <google/protobuf/descriptor.h>
#include <re2/re2.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/rpc/resource_name.h"

// What the annotations of a message demand, worked out once when the server
// starts, so that checking a request looks nothing up and compiles nothing.
namespace sockel::rpc {

struct MessagePlan;

struct FieldPlan {
  enum class Kind { kString, kBytes, kEnum, kSigned, kUnsigned, kFloating, kBool, kMessage };
  // Fields and messages with a meaning of their own.
  enum class Meaning { kNone, kPageSize, kRequestId, kTimestamp, kDuration, kDate };

  const google::protobuf::FieldDescriptor* field = nullptr;
  Kind kind = Kind::kString;
  Meaning meaning = Meaning::kNone;
  bool required = false;     // field_behavior REQUIRED
  bool output_only = false;  // field_behavior OUTPUT_ONLY, except `etag`
  bool identifier = false;   // field_behavior IDENTIFIER, or the resource's `name`
  bool immutable = false;    // field_behavior IMMUTABLE
  bool has_rules = false;
  uint32_t max_length = 1024;
  uint32_t max_bytes = 64 * 1024;
  uint32_t max_items = 1000;
  uint32_t exact_bytes = 0;
  int64_t min = 0;
  int64_t max = 0;
  std::unique_ptr<RE2> pattern;
  std::string pattern_hint;
  bool reference = false;                  // names a resource
  std::vector<ResourcePattern> resources;  // of one of these forms
  const MessagePlan* message = nullptr;    // kMessage
};

struct MessagePlan {
  const google::protobuf::Descriptor* descriptor = nullptr;
  std::vector<FieldPlan> fields;
  // Its field `update_mask`, if it has one of that type.
  const google::protobuf::FieldDescriptor* update_mask = nullptr;
  // For the names of resources of this type: set when it is a resource.
  std::vector<ResourcePattern> resources;
};

// Owns the plans of all messages that it was asked for. Not thread-safe while
// plans are made; they are immutable afterwards.
class MessagePlans {
 public:
  // `problems` gets a sentence for each faulty annotation.
  const MessagePlan& For(const google::protobuf::Descriptor& message,
                         std::vector<std::string>& problems);

 private:
  FieldPlan MakeField(const google::protobuf::FieldDescriptor& field,
                      std::vector<std::string>& problems);
  void AddReference(const google::protobuf::FieldDescriptor& field, FieldPlan& plan) const;

  ResourceTypes types_;
  std::map<const google::protobuf::Descriptor*, std::unique_ptr<MessagePlan>> plans_;
};

}  // namespace sockel::rpc
