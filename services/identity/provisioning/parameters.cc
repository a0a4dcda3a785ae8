#include "services/identity/provisioning/parameters.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>
#include <re2/re2.h>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/text/text.h"
#include "services/identity/names/display_name.h"
#include "services/identity/secrets/master_key.h"

namespace sockel::identity {
namespace {

using provisioner::v1::ProvisionRequest;

constexpr size_t kMostCharacters = 200;

// A map has no order of its own: the same parameters must give the same bytes.
std::string HashOf(const ProvisionRequest& request) {
  std::string bytes = absl::StrCat(request.tenant_code(), "\n");
  {
    google::protobuf::io::StringOutputStream out(&bytes);
    google::protobuf::io::CodedOutputStream coded(&out);
    coded.SetSerializationDeterministic(true);
    request.parameters().SerializeToCodedStream(&coded);
  }
  return Sha256(bytes);
}

absl::StatusOr<std::string> Text(const ProvisionRequest& request, const char* field) {
  const auto found = request.parameters().fields().find(field);
  const bool there = found != request.parameters().fields().end() &&
                     found->second.kind_case() == google::protobuf::Value::kStringValue &&
                     !found->second.string_value().empty();
  if (!there || text::CodePoints(found->second.string_value()) > kMostCharacters) {
    return error::InvalidField(absl::StrCat("parameters.", field),
                               "must be text of 1 to 200 characters");
  }
  return found->second.string_value();
}

absl::Status ReadName(const ProvisionRequest& request, const char* field, std::string& name) {
  auto text = Text(request, field);
  if (!text.ok()) return text.status();
  name = *std::move(text);
  return CheckDisplayName(absl::StrCat("parameters.", field), name);
}

absl::Status ReadLogin(const ProvisionRequest& request, const char* field, std::string& login) {
  static const RE2 kLogin("[a-z0-9][a-z0-9._@+-]{0,63}");
  auto text = Text(request, field);
  if (!text.ok()) return text.status();
  login = *std::move(text);
  if (RE2::FullMatch(login, kLogin)) return absl::OkStatus();
  return error::InvalidField(
      absl::StrCat("parameters.", field),
      "must be 1 to 64 of a-z, 0-9 and . _ @ + -, starting with a letter or digit");
}

absl::Status ReadEmail(const ProvisionRequest& request, const char* field, std::string& email) {
  auto text = Text(request, field);
  if (!text.ok()) return text.status();
  email = *std::move(text);
  return CheckEmail(absl::StrCat("parameters.", field), email);
}

absl::Status ReadKey(const ProvisionRequest& request, PublicKey& key) {
  constexpr char kField[] = "parameters.application_public_key";
  const auto found = request.parameters().fields().find("application_public_key");
  std::string jwk;
  if (found != request.parameters().fields().end()) {
    if (found->second.has_struct_value()) {
      if (!google::protobuf::util::MessageToJsonString(found->second, &jwk).ok()) jwk.clear();
    } else if (found->second.kind_case() == google::protobuf::Value::kStringValue) {
      jwk = found->second.string_value();
    } else {
      return error::InvalidField(kField, "must be a JWK, as text or object");
    }
  }
  auto read = ReadPublicKey(kField, jwk);
  if (!read.ok()) return read.status();
  key = *std::move(read);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Parameters> ReadParameters(const ProvisionRequest& request) {
  Parameters parameters;
  parameters.tenant = request.tenant_code();
  parameters.hash = HashOf(request);
  for (const absl::Status& status :
       {ReadName(request, "tenant_display_name", parameters.tenant_display_name),
        ReadLogin(request, "admin_login", parameters.admin_login),
        ReadEmail(request, "admin_email", parameters.admin_email),
        ReadName(request, "admin_display_name", parameters.admin_display_name),
        ReadName(request, "application_name", parameters.application_name),
        ReadKey(request, parameters.application_public_key)}) {
    if (!status.ok()) return status;
  }
  return parameters;
}

}  // namespace sockel::identity
