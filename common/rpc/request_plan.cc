#include "common/rpc/request_plan.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/evp.h>

#include <algorithm>

namespace sockel::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool MayNameTenant(const FieldPlan& plan) {
  if (!plan.reference || plan.field->is_repeated()) return false;
  return std::any_of(plan.resources.begin(), plan.resources.end(),
                     [](const ResourcePattern& pattern) { return pattern.InTenant(); });
}

// `name` before `parent` before other references.
int Rank(const FieldDescriptor& field) {
  if (field.name() == "name") return 0;
  return field.name() == "parent" ? 1 : 2;
}

std::string Sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
             EVP_sha256(), nullptr);
  return digest;
}

}  // namespace

RequestPlan::RequestPlan(const MessagePlan& message)
    : message_(&message), request_id_(message.descriptor->FindFieldByName("request_id")) {
  for (const FieldPlan& plan : message.fields) {
    const bool named = Rank(*plan.field) < 2 && plan.kind == FieldPlan::Kind::kString &&
                       !plan.field->is_repeated();
    if (named || MayNameTenant(plan)) names_.push_back({nullptr, plan.field, plan.field->name()});
  }
  std::stable_sort(names_.begin(), names_.end(), [](const NameField& a, const NameField& b) {
    return Rank(*a.field) < Rank(*b.field);
  });
  // Only an update says by it which resource is meant; a name in a Create is the
  // server's to give.
  const bool update = message.descriptor->FindFieldByName("update_mask") != nullptr;
  for (const FieldPlan& plan : message.fields) {
    if (!update || plan.message == nullptr || plan.field->is_repeated() ||
        plan.message->resources.empty()) {
      continue;
    }
    const FieldDescriptor* name = plan.message->descriptor->FindFieldByName("name");
    if (name != nullptr) names_.push_back({plan.field, name, plan.field->name() + ".name"});
  }
  if (request_id_ != nullptr && request_id_->type() != FieldDescriptor::TYPE_STRING) {
    request_id_ = nullptr;
  }
}

std::string_view RequestPlan::Tenant(const Message& request, std::string_view* field) const {
  for (const NameField& name : names_) {
    const Message& holder =
        name.outer == nullptr ? request : request.GetReflection()->GetMessage(request, name.outer);
    // Strings of generated messages are returned by reference, not in scratch.
    std::string scratch;
    const std::string& value =
        holder.GetReflection()->GetStringReference(holder, name.field, &scratch);
    const std::string_view tenant = TenantOf(value);
    if (tenant.empty() || &value == &scratch) continue;
    if (field != nullptr) *field = name.path;
    return tenant;
  }
  return {};
}

std::string RequestPlan::RequestId(const Message& request) const {
  if (request_id_ == nullptr) return {};
  return request.GetReflection()->GetString(request, request_id_);
}

std::string RequestPlan::Hash(Message& request, std::string_view method,
                              std::string_view subject) const {
  std::string bytes(method);
  bytes.append(1, '\0').append(subject).append(1, '\0');
  std::string request_id = RequestId(request);
  if (request_id_ != nullptr) request.GetReflection()->ClearField(&request, request_id_);
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  if (request_id_ != nullptr) {
    request.GetReflection()->SetString(&request, request_id_, std::move(request_id));
  }
  return Sha256(bytes);
}

}  // namespace sockel::rpc
