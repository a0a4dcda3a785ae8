#include "common/rpc/update_mask.h"

#include <google/protobuf/util/field_mask_util.h>

#include <string>

#include "common/error/error.h"

namespace sockel::rpc {

using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::util::FieldMaskUtil;

const FieldMask* UpdateMaskOf(const Message& request, const MessagePlan& plan) {
  if (plan.update_mask == nullptr) return nullptr;
  return static_cast<const FieldMask*>(
      &request.GetReflection()->GetMessage(request, plan.update_mask));
}

absl::Status CheckUpdateMask(const FieldMask& mask, const MessagePlan& plan) {
  if (mask.paths_size() == 1 && mask.paths(0) == "*") return absl::OkStatus();
  const MessagePlan* resource = nullptr;
  for (const FieldPlan& field : plan.fields) {
    if (field.message != nullptr && !field.message->resources.empty()) resource = field.message;
  }
  for (const std::string& path : mask.paths()) {
    if (resource == nullptr || path.size() > 256 ||
        !FieldMaskUtil::GetFieldDescriptors(resource->descriptor, path, nullptr)) {
      return error::InvalidField("update_mask", "must name fields of the resource; there is no `" +
                                                    path.substr(0, 64) + "`");
    }
  }
  return absl::OkStatus();
}

Meant MeantBy(const FieldMask& mask, const FieldPlan& plan) {
  const std::string& name = plan.field->name();
  if (name == "etag") return Meant::kInPart;
  if (plan.immutable) return Meant::kNot;
  if (mask.paths().empty()) return Meant::kInPart;
  Meant meant = Meant::kNot;
  for (const std::string& path : mask.paths()) {
    if (path == "*" || path == name) return Meant::kWhole;
    if (path.size() > name.size() && path[name.size()] == '.' &&
        path.compare(0, name.size(), name) == 0) {
      meant = Meant::kInPart;
    }
  }
  return meant;
}

}  // namespace sockel::rpc
