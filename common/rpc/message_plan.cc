#include "common/rpc/message_plan.h"

#include <google/protobuf/field_mask.pb.h>

#include "google/api/field_behavior.pb.h"
#include "google/api/resource.pb.h"
#include "sockel/options/v1/options.pb.h"

namespace sockel::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;

FieldPlan::Kind KindOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? FieldPlan::Kind::kBytes
                                                         : FieldPlan::Kind::kString;
    case FieldDescriptor::CPPTYPE_ENUM:
      return FieldPlan::Kind::kEnum;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return FieldPlan::Kind::kSigned;
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return FieldPlan::Kind::kUnsigned;
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return FieldPlan::Kind::kFloating;
    case FieldDescriptor::CPPTYPE_BOOL:
      return FieldPlan::Kind::kBool;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return FieldPlan::Kind::kMessage;
}

FieldPlan::Meaning MeaningOf(const FieldDescriptor& field) {
  if (field.name() == "page_size") return FieldPlan::Meaning::kPageSize;
  if (field.name() == "request_id") return FieldPlan::Meaning::kRequestId;
  if (field.message_type() == nullptr) return FieldPlan::Meaning::kNone;
  const std::string& type = field.message_type()->full_name();
  if (type == "google.protobuf.Timestamp") return FieldPlan::Meaning::kTimestamp;
  if (type == "google.protobuf.Duration") return FieldPlan::Meaning::kDuration;
  if (type == "google.type.Date") return FieldPlan::Meaning::kDate;
  return FieldPlan::Meaning::kNone;
}

void AddBehavior(const FieldDescriptor& field, FieldPlan& plan) {
  for (const int behavior : field.options().GetRepeatedExtension(google::api::field_behavior)) {
    plan.required |= behavior == google::api::REQUIRED;
    plan.output_only |= behavior == google::api::OUTPUT_ONLY;
    plan.identifier |= behavior == google::api::IDENTIFIER;
    plan.immutable |= behavior == google::api::IMMUTABLE;
  }
  // An etag comes back from the client, though it is the server that makes it.
  if (field.name() == "etag") plan.output_only = false;
  const auto& resource = field.containing_type()->options().GetExtension(google::api::resource);
  if (!resource.type().empty() && field.name() == "name") {
    plan.identifier = true;
    plan.output_only = false;
    plan.required = false;
  }
}

// Where a field's rules stand: those of a map's values stand at the map, for the
// entry is declared nowhere.
const FieldDescriptor& BearerOfRules(const FieldDescriptor& field) {
  const Descriptor& entry = *field.containing_type();
  if (!entry.options().map_entry() || entry.map_value() != &field) return field;
  const Descriptor& message = *entry.containing_type();
  for (int i = 0; i < message.field_count(); ++i) {
    if (message.field(i)->message_type() == &entry) return *message.field(i);
  }
  return field;
}

void AddRules(const FieldDescriptor& field, FieldPlan& plan, std::vector<std::string>& problems) {
  const FieldDescriptor& bearer = BearerOfRules(field);
  plan.has_rules = bearer.options().HasExtension(options::v1::rules);
  if (!plan.has_rules) return;
  const options::v1::FieldRules& rules = bearer.options().GetExtension(options::v1::rules);
  if (rules.max_length() != 0) plan.max_length = rules.max_length();
  if (rules.max_bytes() != 0) plan.max_bytes = rules.max_bytes();
  if (rules.max_items() != 0) plan.max_items = rules.max_items();
  plan.exact_bytes = rules.exact_bytes();
  plan.min = rules.min();
  plan.max = rules.max();
  if (rules.pattern().empty()) return;
  plan.pattern = std::make_unique<RE2>(rules.pattern(), RE2::Quiet);
  plan.pattern_hint =
      rules.pattern_hint().empty() ? "text that matches " + rules.pattern() : rules.pattern_hint();
  if (!plan.pattern->ok()) {
    problems.push_back(field.full_name() + ": faulty pattern: " + plan.pattern->error());
    plan.pattern = nullptr;
  }
}

}  // namespace

void MessagePlans::AddReference(const FieldDescriptor& field, FieldPlan& plan) const {
  const auto& reference = field.options().GetExtension(google::api::resource_reference);
  if (plan.kind != FieldPlan::Kind::kString) return;
  if (!reference.type().empty()) {
    plan.reference = true;
    if (reference.type() != "*") plan.resources = types_.Find(reference.type());
  } else if (!reference.child_type().empty()) {
    plan.reference = true;
    for (const ResourcePattern& child : types_.Find(reference.child_type())) {
      plan.resources.push_back(child.Parent());
    }
  }
  if (plan.reference && plan.resources.empty()) plan.resources.push_back(ResourcePattern::Any());
}

FieldPlan MessagePlans::MakeField(const FieldDescriptor& field,
                                  std::vector<std::string>& problems) {
  FieldPlan plan;
  plan.field = &field;
  plan.kind = KindOf(field);
  plan.meaning = MeaningOf(field);
  AddBehavior(field, plan);
  AddRules(field, plan, problems);
  AddReference(field, plan);
  if (plan.kind == FieldPlan::Kind::kMessage) plan.message = &For(*field.message_type(), problems);
  return plan;
}

const MessagePlan& MessagePlans::For(const Descriptor& message,
                                     std::vector<std::string>& problems) {
  types_.AddFile(*message.file());
  std::unique_ptr<MessagePlan>& slot = plans_[&message];
  if (slot != nullptr) return *slot;  // also while it is being made: messages may recur
  slot = std::make_unique<MessagePlan>();
  MessagePlan& plan = *slot;
  plan.descriptor = &message;
  const auto& resource = message.options().GetExtension(google::api::resource);
  if (!resource.type().empty()) plan.resources = types_.Find(resource.type());
  for (int i = 0; i < message.field_count(); ++i) {
    plan.fields.push_back(MakeField(*message.field(i), problems));
  }
  const FieldDescriptor* mask = message.FindFieldByName("update_mask");
  if (mask != nullptr && mask->message_type() == FieldMask::descriptor()) plan.update_mask = mask;
  return plan;
}

}  // namespace sockel::rpc
