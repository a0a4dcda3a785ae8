#include <filesystem>
#include <iostream>

#include "common/auth/jose.h"
#include "sockel/identity/v1/service_account.grpc.pb.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/local_file.h"

namespace sockel::cli {
namespace {

using identity::v1::ServiceAccountService;
using Stub = ServiceAccountService::Stub;

struct Options {
  std::string account;
  std::string display_name;
  std::string public_key_file;
  std::string key_id;
  std::string private_key_file;
};

absl::Status Create(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  identity::v1::CreateServiceAccountRequest request;
  request.set_parent(*tenant);
  request.set_service_account_id(options.account);
  request.mutable_service_account()->set_display_name(options.display_name);
  if (!options.public_key_file.empty()) {
    absl::StatusOr<std::string> key = ReadFile(options.public_key_file);
    if (!key.ok()) return key.status();
    request.mutable_service_account()->add_keys()->set_public_key_jwk(*key);
  }
  auto account = session.Call<ServiceAccountService>(&Stub::CreateServiceAccount, request);
  return account.ok() ? session.Show(*account) : account.status();
}

absl::Status List(Session& session) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  identity::v1::ListServiceAccountsRequest request;
  request.set_parent(*tenant);
  auto response = session.List<ServiceAccountService>(&Stub::ListServiceAccounts, request);
  if (!response.ok()) return response.status();
  return session.ShowList(
      *response, "service_accounts",
      {{"ID", "name|id"}, {"DISPLAY NAME", "display_name"}, {"CREATED", "create_time"}});
}

absl::Status Get(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = session.Name("serviceAccounts", options.account);
  if (!name.ok()) return name.status();
  identity::v1::GetServiceAccountRequest request;
  request.set_name(*name);
  auto account = session.Call<ServiceAccountService>(&Stub::GetServiceAccount, request);
  return account.ok() ? session.Show(*account) : account.status();
}

absl::Status AddKey(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = session.Name("serviceAccounts", options.account);
  if (!name.ok()) return name.status();
  absl::StatusOr<std::string> key = ReadFile(options.public_key_file);
  if (!key.ok()) return key.status();
  identity::v1::AddServiceAccountKeyRequest request;
  request.set_name(*name);
  request.mutable_key()->set_public_key_jwk(*key);
  auto account = session.Call<ServiceAccountService>(&Stub::AddServiceAccountKey, request);
  return account.ok() ? session.Show(*account) : account.status();
}

absl::Status RemoveKey(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = session.Name("serviceAccounts", options.account);
  if (!name.ok()) return name.status();
  identity::v1::RemoveServiceAccountKeyRequest request;
  request.set_name(*name);
  request.set_key_id(options.key_id);
  auto account = session.Call<ServiceAccountService>(&Stub::RemoveServiceAccountKey, request);
  return account.ok() ? session.Show(*account) : account.status();
}

absl::Status GenerateKey(const Options& options) {
  const std::filesystem::path target = AbsolutePath(options.private_key_file);
  if (absl::Status checked = CheckFree(target); !checked.ok()) return checked;
  absl::StatusOr<auth::Key> key = auth::Key::Generate();
  if (!key.ok()) return key.status();
  absl::StatusOr<std::string> secret = key->ToPrivateJson();
  if (!secret.ok()) return secret.status();
  const absl::Status written = WriteNewPrivateFile(target, *secret + "\n");
  if (!written.ok()) return written;
  std::cerr << "The private key is in " << options.private_key_file << ".\n";
  std::cout << key->ToPublicJson() << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddServiceAccountCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("service-accounts", "Applications of a tenant and their keys");
  auto options = std::make_shared<Options>();
  const auto add_account = [&](CLI::App& command) {
    command.add_option("account", options->account, "Id or name of the service account")
        ->required();
  };
  CLI::App& create = commands.Add(group, "create", "Create a service account",
                                  "sockel service-accounts create portal --display-name Portal "
                                  "--public-key-file portal.public.jwk",
                                  [&session, options] { return Create(session, *options); });
  add_account(create);
  create.add_option("--display-name", options->display_name, "Name for people")->required();
  create.add_option("--public-key-file", options->public_key_file, "Its public key (JWK)");
  commands.Add(group, "list", "List service accounts", "sockel service-accounts list",
               [&session] { return List(session); });
  add_account(commands.Add(group, "get", "Show a service account and its keys",
                           "sockel service-accounts get portal",
                           [&session, options] { return Get(session, *options); }));
  CLI::App& add_key =
      commands.Add(group, "add-key", "Register a further public key",
                   "sockel service-accounts add-key portal --public-key-file new.jwk",
                   [&session, options] { return AddKey(session, *options); });
  add_account(add_key);
  add_key.add_option("--public-key-file", options->public_key_file, "The public key (JWK)")
      ->required();
  CLI::App& remove_key = commands.Add(group, "remove-key", "Withdraw a public key",
                                      "sockel service-accounts remove-key portal --key-id …",
                                      [&session, options] { return RemoveKey(session, *options); });
  add_account(remove_key);
  remove_key.add_option("--key-id", options->key_id, "Id of the key")->required();
  commands
      .Add(group, "generate-key", "Make a key pair; prints the public key",
           "sockel service-accounts generate-key portal.jwk > portal.public.jwk",
           [options] { return GenerateKey(*options); })
      .add_option("file", options->private_key_file, "Where the private key goes")
      ->required();
}

}  // namespace sockel::cli
