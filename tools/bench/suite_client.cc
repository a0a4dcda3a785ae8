#include "tools/bench/suite_client.h"

#include "absl/strings/str_cat.h"
#include "common/auth/assertion.h"
#include "common/auth/jose.h"
#include "common/client/call.h"
#include "common/client/credentials.h"
#include "common/ids/ids.h"
#include "sockel/identity/v1/authentication.grpc.pb.h"
#include "sockel/provisioner/v1/provisioner.grpc.pb.h"

namespace sockel::bench {
namespace {

using identity::v1::AuthenticationService;
using provisioner::v1::Operation;
using provisioner::v1::ProvisionerService;

// Enough that the counters of reference numbers are not what is measured.
constexpr int kFilePlanEntries = 64;

std::shared_ptr<grpc::Channel> Connect(const std::string& target) {
  return grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
}

absl::StatusOr<std::string> SignIn(const std::string& identity, const std::string& name,
                                   const auth::Key& key) {
  auto assertion = auth::MakeAssertion(key, name, absl::Now());
  if (!assertion.ok()) return assertion.status();
  identity::v1::IssueServiceTokenRequest request;
  request.set_client_assertion(*assertion);
  AuthenticationService::Stub stub(Connect(identity));
  auto answer = client::Unary(stub, &AuthenticationService::Stub::IssueServiceToken, request);
  if (!answer.ok()) return answer.status();
  return answer->access_token();
}

provisioner::v1::ProvisionRequest Parameters(const std::string& code, const auth::Key& key) {
  provisioner::v1::ProvisionRequest request;
  request.set_instance_id(ids::NewUuidV4());
  request.set_tenant_code(code);
  auto& fields = *request.mutable_parameters()->mutable_fields();
  const std::pair<const char*, std::string> texts[] = {
      {"tenant_display_name", "Bench"},       {"admin_login", "admin"},
      {"admin_email", "admin@example.org"},   {"admin_display_name", "Admin"},
      {"application_name", "bench"},          {"application_public_key", key.ToPublicJson()},
      {"sender_address", "bench@example.org"}};
  for (const auto& [name, text] : texts) fields[name].set_string_value(text);
  auto& plan = *fields["file_plan"].mutable_list_value();
  for (int i = 1; i <= kFilePlanEntries; ++i) {
    auto& entry = *plan.add_values()->mutable_struct_value()->mutable_fields();
    entry["code"].set_string_value(absl::StrCat(i));
    entry["title"].set_string_value("Bench");
    entry["retention_years"].set_number_value(10);
    entry["disposition"].set_string_value("DESTROY");
  }
  return request;
}

}  // namespace

std::vector<std::shared_ptr<grpc::Channel>> Connections(const std::string& target, size_t count) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (size_t i = 0; i < count; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channels.push_back(
        grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
  }
  return channels;
}

absl::StatusOr<BenchTenant> MakeTenant(const SuiteOptions& options) {
  auto catalog = client::ReadKeyFile(options.provisioner_key_file);
  if (!catalog.ok()) return catalog.status();
  auto provisioner = SignIn(options.identity, "tenants/provider/serviceAccounts/catalog", *catalog);
  if (!provisioner.ok()) return provisioner.status();
  auto key = auth::Key::Generate();
  if (!key.ok()) return key.status();

  const std::string code = absl::StrCat("bench-", absl::ToUnixMillis(absl::Now()));
  const provisioner::v1::ProvisionRequest request = Parameters(code, *key);
  std::string application;
  for (const std::string& target : {options.identity, options.efile}) {
    ProvisionerService::Stub stub(Connect(target));
    auto operation = client::Unary(stub, &ProvisionerService::Stub::Provision, request,
                                   {.bearer = *provisioner});
    if (!operation.ok()) return operation.status();
    if (operation->state() != Operation::SUCCEEDED) {
      return absl::InternalError(absl::StrCat("provisioning: ", operation->ShortDebugString()));
    }
    const auto output = operation->outputs().find("service_account");
    if (output != operation->outputs().end()) application = output->second;
  }
  auto token = SignIn(options.identity, application, *key);
  if (!token.ok()) return token.status();
  BenchTenant tenant{.name = "tenants/" + code, .access_token = *token, .file_plan_entries = {}};
  for (int i = 1; i <= kFilePlanEntries; ++i) {
    tenant.file_plan_entries.push_back(absl::StrCat(tenant.name, "/filePlanEntries/", i));
  }
  return tenant;
}

}  // namespace sockel::bench
