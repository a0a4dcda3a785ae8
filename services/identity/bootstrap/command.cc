#include "services/identity/bootstrap/command.h"

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/auth/jose.h"
#include "common/auth/key_source.h"
#include "common/error/error.h"
#include "common/ids/ids.h"
#include "services/identity/bootstrap/bootstrap.h"
#include "services/identity/bootstrap/secret_file.h"
#include "services/identity/config.h"

namespace sockel::identity {
namespace {

struct Options {
  std::string operator_login = "operator";
  std::string operator_password_file;
  std::vector<std::string> service_accounts;
  std::string service_account_dir;
  std::vector<std::string> removed_keys;
  bool replace_signing_keys = false;
  bool print = false;
};

void AddOptions(CLI::App& app, Options& options) {
  app.add_option("--operator-login", options.operator_login, "Login of the first operator")
      ->capture_default_str();
  app.add_option("--operator-password-file", options.operator_password_file,
                 "File with the operator's first password; made (mode 0600) if it is not there")
      ->required();
  app.add_option("--service-account", options.service_accounts,
                 "SERVICE=FILE: account for a service, with the public JWK in FILE")
      ->allow_extra_args(false);
  app.add_option("--service-account-dir", options.service_account_dir,
                 "Make accounts for all services; key pairs are made in this folder as "
                 "SERVICE.jwk (mode 0600)");
  app.add_option("--remove-service-account-key", options.removed_keys,
                 "SERVICE=KEY_ID: the service's account loses this key, and its tokens stop")
      ->allow_extra_args(false);
  app.add_flag("--replace-signing-keys", options.replace_signing_keys,
               "After the loss of the master key: new signing keys for those that do not open with "
               "this one; all access tokens end");
  app.add_flag("--print", options.print, "Print the operator's password, too");
}

void Say(const std::string& what) { std::cout << what << "\n"; }

absl::Status Say(const absl::StatusOr<std::string>& what) {
  if (what.ok()) Say(*what);
  return what.status();
}

absl::Status MakeSigningKeys(Bootstrap& bootstrap, const Options& options) {
  if (options.replace_signing_keys) {
    absl::Status status = Say(bootstrap.ReplaceSigningKeys());
    if (!status.ok()) return status;
  }
  return Say(bootstrap.MakeSigningKey());
}

absl::Status MakeOperator(Bootstrap& bootstrap, const Options& options) {
  const std::string& login = options.operator_login;
  auto has_password = bootstrap.HasPassword(login);
  if (!has_password.ok()) return has_password.status();
  if (*has_password) {
    Say(absl::StrCat("operator ", login, ": there already, password left as it is"));
    return absl::OkStatus();
  }
  // 160 bits, in characters that are easily typed.
  auto password = ReadOrMakeSecretFile(options.operator_password_file,
                                       [] { return ids::ToHex(ids::RandomBytes(20)); });
  if (!password.ok()) return password.status();
  if (absl::Status status = Say(bootstrap.MakeOperator(login, *password)); !status.ok()) {
    return status;
  }
  Say(absl::StrCat("its first password: ",
                   options.print ? *password : "in " + options.operator_password_file));
  return absl::OkStatus();
}

// `efile=x` → efile, x.
absl::StatusOr<std::pair<std::string, std::string>> ByService(const std::string& option,
                                                              const std::string& given) {
  const size_t at = given.find('=');
  if (at != std::string::npos) return std::pair(given.substr(0, at), given.substr(at + 1));
  return error::InvalidField(option, "must have the form SERVICE=…");
}

// Public keys by service: those given, then those made in the folder.
absl::StatusOr<std::vector<std::pair<std::string, PublicKey>>> ServiceKeys(const Options& options) {
  std::vector<std::pair<std::string, PublicKey>> keys;
  for (const std::string& given : options.service_accounts) {
    auto file = ByService("--service-account", given);
    if (!file.ok()) return file.status();
    auto jwk = ReadSecretFile(file->second);
    if (!jwk.ok()) return jwk.status();
    auto key = ReadPublicKey(file->second, *jwk);
    if (!key.ok()) return key.status();
    keys.emplace_back(file->first, *std::move(key));
  }
  if (options.service_account_dir.empty()) return keys;
  for (const char* service : {"identity", "efile", "notification", "catalog"}) {
    const std::string file = absl::StrCat(options.service_account_dir, "/", service, ".jwk");
    auto jwk = ReadOrMakeSecretFile(
        file, [] { return auth::Key::Generate().value().ToPrivateJson().value(); });
    if (!jwk.ok()) return jwk.status();
    auto key = auth::Key::FromPrivateJson(*jwk);
    if (!key.ok()) return error::InvalidField(file, "must hold a private P-256 JWK");
    Say(absl::StrCat("private key of ", service, ": in ", file));
    keys.emplace_back(service, PublicKey{key->id(), key->ToPublicJson()});
  }
  return keys;
}

absl::Status MakeServiceAccounts(Bootstrap& bootstrap, const Options& options) {
  auto keys = ServiceKeys(options);
  if (!keys.ok()) return keys.status();
  for (const auto& [service, key] : *keys) {
    if (absl::Status status = Say(bootstrap.MakeServiceAccount(service, key)); !status.ok()) {
      return status;
    }
  }
  for (const std::string& given : options.removed_keys) {
    auto key = ByService("--remove-service-account-key", given);
    if (!key.ok()) return key.status();
    absl::Status status = Say(bootstrap.RemoveServiceAccountKey(key->first, key->second));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Run(rpc::ServiceContext& context, const Options& options) {
  auto config = ReadConfig(context.config().Section("identity"));
  if (!config.ok()) return config.status();
  auto hasher = PasswordHasher::Create(config->hashing);
  if (!hasher.ok()) return hasher.status();
  const TokenGate gate;
  const Revoker revoker(gate, {});
  auth::LocalKeySource unused;
  SigningKeys signing_keys(context.database(), context.clock(), config->master_key,
                           config->signing_keys, unused);
  Bootstrap bootstrap(context.database(), **hasher, signing_keys, revoker);
  if (absl::Status status = Say(bootstrap.MakeProvider()); !status.ok()) return status;
  if (absl::Status status = MakeSigningKeys(bootstrap, options); !status.ok()) return status;
  if (absl::Status status = MakeOperator(bootstrap, options); !status.ok()) return status;
  return MakeServiceAccounts(bootstrap, options);
}

}  // namespace

rpc::ServiceCommand BootstrapCommand() {
  auto options = std::make_shared<Options>();
  rpc::ServiceCommand command;
  command.name = "bootstrap";
  command.help =
      "Make the provider's tenant, the first operator, a signing key and the services' accounts";
  command.add_options = [options](CLI::App& app) { AddOptions(app, *options); };
  command.run = [options](rpc::ServiceContext& context) { return Run(context, *options); };
  return command;
}

}  // namespace sockel::identity
