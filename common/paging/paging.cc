#include "common/paging/paging.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

#include "common/error/error.h"
#include "common/ids/ids.h"

namespace sockel::paging {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::size_t kMacBytes = 32;

std::string Serialize(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

// What the token is bound to, besides the position.
std::string Scope(const Caller& caller, const Message& request) {
  std::unique_ptr<Message> list(request.New());
  list->CopyFrom(request);
  for (const char* name : {"page_token", "page_size"}) {
    const FieldDescriptor* field = list->GetDescriptor()->FindFieldByName(name);
    if (field != nullptr) list->GetReflection()->ClearField(list.get(), field);
  }
  return caller.method + '\0' + caller.tenant + '\0' + Serialize(*list);
}

absl::Status Invalid() {
  absl::Status status = error::Make(
      absl::StatusCode::kInvalidArgument, error::CommonReason::PAGE_TOKEN_INVALID,
      "page_token: must be the next_page_token of this list with the same parameters; start again "
      "without it");
  error::AddFieldViolation(status, "page_token",
                           "must be the next_page_token of this list with the same parameters");
  return status;
}

const std::string& PageTokenOf(const Message& request, std::string* scratch) {
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("page_token");
  if (field == nullptr || field->type() != FieldDescriptor::TYPE_STRING) return *scratch;
  return request.GetReflection()->GetStringReference(request, field, scratch);
}

}  // namespace

int PageSize(int32_t requested, int standard, int most) {
  if (requested <= 0) return standard;
  return requested > most ? most : requested;
}

Tokens::Tokens(std::string key) : key_(std::move(key)) {}

std::string Tokens::Sign(std::string_view payload) const {
  std::string mac(kMacBytes, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(payload.data()), payload.size(),
       reinterpret_cast<unsigned char*>(mac.data()), &size);
  return mac;
}

// A token is base64url(HMAC(position, scope) position).
std::string Tokens::Make(const Caller& caller, const Message& request,
                         std::string_view position) const {
  const std::string where(position);
  const std::string length = std::to_string(where.size()) + ":";
  return ids::ToBase64Url(Sign(length + where + Scope(caller, request)) + where);
}

absl::StatusOr<std::string> Tokens::Read(const Caller& caller, const Message& request) const {
  std::string scratch;
  const std::string& token = PageTokenOf(request, &scratch);
  if (token.empty()) return std::string();
  const auto bytes = ids::FromBase64Url(token);
  if (!bytes || bytes->size() < kMacBytes) return Invalid();
  const std::string where = bytes->substr(kMacBytes);
  const std::string length = std::to_string(where.size()) + ":";
  const std::string expected = Sign(length + where + Scope(caller, request));
  if (!ids::SecretsEqual(std::string_view(*bytes).substr(0, kMacBytes), expected)) return Invalid();
  return where;
}

}  // namespace sockel::paging
