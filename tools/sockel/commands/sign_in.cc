#include <iostream>

#include "absl/strings/str_cat.h"
#include "common/clock/timestamp.h"
#include "sockel/identity/v1/access.grpc.pb.h"
#include "sockel/identity/v1/authentication.grpc.pb.h"
#include "sockel/identity/v1/user.grpc.pb.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/input.h"

namespace sockel::cli {
namespace {

using identity::v1::AccessService;
using identity::v1::AuthenticationService;
using identity::v1::UserService;

struct LoginOptions {
  std::string tenant;
  std::string login;
  SecretSource password;
  std::string key_file;
  std::string service_account;
  std::map<std::string, std::string> endpoints;
  bool tls = false;
  std::string ca_file;
};

std::string CodeOf(const std::string& tenant) {
  constexpr std::string_view kPrefix = "tenants/";
  const std::string rest = tenant.rfind(kPrefix, 0) == 0 ? tenant.substr(kPrefix.size()) : tenant;
  return rest.substr(0, rest.find('/'));
}

absl::Status LoginWithKey(Session& session, const LoginOptions& options, Profile profile) {
  if (options.service_account.rfind("tenants/", 0) != 0) {
    return absl::InvalidArgumentError(
        "--service-account must be a name such as tenants/smi/serviceAccounts/portal");
  }
  profile.service_account_key_file = AbsolutePath(options.key_file).string();
  profile.principal = options.service_account;
  profile.tenant = CodeOf(options.service_account);
  session.Adopt(profile);
  auto who =
      session.Call<AccessService>(&AccessService::Stub::WhoAmI, identity::v1::WhoAmIRequest());
  if (!who.ok()) return who.status();
  if (absl::Status saved = session.SaveProfile(profile); !saved.ok()) return saved;
  session.Say(absl::StrCat("Signed in as ", who->principal(), " (profile ", profile.name, ")."));
  return session.json() ? session.Show(*who) : absl::OkStatus();
}

absl::Status LoginWithPassword(Session& session, const LoginOptions& options, Profile profile) {
  if (options.tenant.empty() || options.login.empty()) {
    return absl::InvalidArgumentError("--tenant and --user are needed (or --key-file)");
  }
  absl::StatusOr<std::string> password =
      ReadSecret(options.password, absl::StrCat("Password of ", options.login, ": "));
  if (!password.ok()) return password.status();
  session.Adopt(profile);
  identity::v1::LoginRequest request;
  request.set_tenant("tenants/" + CodeOf(options.tenant));
  request.set_login(options.login);
  request.set_password(*password);
  auto answer =
      session.CallPublic<AuthenticationService>(&AuthenticationService::Stub::Login, request);
  if (!answer.ok()) return answer.status();
  profile.principal = answer->user();
  profile.tenant = CodeOf(answer->user());
  profile.session = answer->session();
  profile.access_token = answer->access_token();
  profile.access_expire_time = FromTimestamp(answer->access_token_expire_time());
  profile.refresh_token = answer->refresh_token();
  if (absl::Status saved = session.SaveProfile(profile); !saved.ok()) return saved;
  session.Say(absl::StrCat("Signed in as ", profile.principal, " (profile ", profile.name, ")."));
  answer->clear_access_token();
  answer->clear_refresh_token();
  return session.json() ? session.Show(*answer) : absl::OkStatus();
}

// Nothing is stored unless it succeeds: who was signed in before still is.
absl::Status Login(Session& session, const LoginOptions& options) {
  absl::StatusOr<Profile> profile = session.profile();
  if (!profile.ok()) return profile.status();
  profile->SignOut();
  for (const auto& [service, target] : options.endpoints) {
    if (!target.empty()) profile->endpoints[service] = target;
  }
  if (options.tls || !options.ca_file.empty()) profile->tls = true;
  if (!options.ca_file.empty()) profile->ca_file = AbsolutePath(options.ca_file).string();
  return options.key_file.empty() ? LoginWithPassword(session, options, *profile)
                                  : LoginWithKey(session, options, *profile);
}

absl::Status Logout(Session& session) {
  absl::StatusOr<Profile> profile = session.profile();
  if (!profile.ok()) return profile.status();
  absl::Status ended;
  if (!profile->session.empty()) {
    ended = session
                .Call<AuthenticationService>(&AuthenticationService::Stub::Logout,
                                             identity::v1::LogoutRequest())
                .status();
  }
  profile->SignOut();
  if (absl::Status saved = session.SaveProfile(*profile); !saved.ok()) return saved;
  session.Say("Signed out.");
  // Whom the server does not know any more has no session there.
  if (!ended.ok() && !absl::IsUnauthenticated(ended)) {
    std::cerr << "warning: the session could not be ended at the server: "
              << std::string(ended.message()) << "\n";
  }
  return session.ShowName(profile->name);
}

struct ActivateOptions {
  std::string tenant;
  std::string login;
  SecretSource code{.option = "code"};
  SecretSource password;
};

absl::Status Activate(Session& session, const ActivateOptions& options) {
  identity::v1::ActivateUserRequest request;
  request.set_tenant("tenants/" + CodeOf(options.tenant));
  request.set_login(options.login);
  absl::StatusOr<std::string> code = ReadSecret(options.code, "Activation code: ");
  if (!code.ok()) return code.status();
  request.set_code(*code);
  absl::StatusOr<std::string> password =
      ReadSecret(options.password, "New password (12 characters or more): ");
  if (!password.ok()) return password.status();
  request.set_new_password(*password);
  auto answer = session.CallPublic<UserService>(&UserService::Stub::ActivateUser, request);
  if (!answer.ok()) return answer.status();
  const std::string& profile = session.globals().profile;
  session.Say(absl::StrCat("The password of ", answer->name(), " is set. Next: sockel ",
                           profile.empty() ? "" : absl::StrCat("-p ", profile, " "), "login -t ",
                           CodeOf(options.tenant), " --user ", options.login));
  return session.json() ? session.Show(*answer) : absl::OkStatus();
}

// `what`: what it is, for the help.
void AddSecretOptions(CLI::App& command, const std::string& what, SecretSource& source) {
  const std::string option = "--" + source.option;
  auto* file = command.add_option(option + "-file", source.file,
                                  "Read " + what + " from the first line of this file");
  command
      .add_flag(option + "-stdin", source.stdin,
                "Read " + what + " from a line of standard input (default: ask the terminal)")
      ->excludes(file);
}

void AddLogin(Commands& commands) {
  Session& session = commands.session();
  auto login = std::make_shared<LoginOptions>();
  CLI::App& command = commands.Add(
      commands.root(), "login", "Sign in, with a password or with a service account's key",
      "sockel login --tenant smi --user erika\n"
      "  sockel login --service-account tenants/smi/serviceAccounts/portal --key-file portal.jwk",
      [&session, login] {
        login->tenant = session.globals().tenant;
        return Login(session, *login);
      });
  command.add_option("-u,--user", login->login, "Login of the user (tenant: --tenant)");
  AddSecretOptions(command, "the password", login->password);
  auto* account = command.add_option("--service-account", login->service_account,
                                     "Name of the service account, with --key-file");
  command.add_option("--key-file", login->key_file, "Private key of the service account (JWK)")
      ->needs(account);
  for (const std::string& service : ServiceNames()) {
    command.add_option("--" + service, login->endpoints[service],
                       "Address of " + service + "; kept in the profile");
  }
  command.add_flag("--tls", login->tls, "Connect with TLS, trusting the system's authorities");
  command.add_option("--ca-file", login->ca_file, "Connect with TLS, trusting this CA (PEM)");
}

void AddActivate(Commands& commands) {
  Session& session = commands.session();
  auto activate = std::make_shared<ActivateOptions>();
  CLI::App& command = commands.Add(
      commands.root(), "activate", "Set the password with an activation code",
      "sockel activate --tenant smi --user erika   # asks for the code and the password\n"
      "  sockel activate --tenant smi --user erika --code-file code --password-file password",
      [&session, activate] {
        activate->tenant = session.globals().tenant;
        return Activate(session, *activate);
      });
  command.add_option("-u,--user", activate->login, "Login of the user")->required();
  AddSecretOptions(command, "the activation code", activate->code);
  AddSecretOptions(command, "the new password", activate->password);
}

}  // namespace

void AddSignInCommands(Commands& commands) {
  Session& session = commands.session();
  AddLogin(commands);
  commands.Add(commands.root(), "logout", "End the session and forget its tokens",
               "sockel -p test logout", [&session] { return Logout(session); });
  commands.Add(commands.root(), "whoami", "Show who is signed in, with which roles",
               "sockel whoami", [&session]() -> absl::Status {
                 auto who = session.Call<AccessService>(&AccessService::Stub::WhoAmI,
                                                        identity::v1::WhoAmIRequest());
                 return who.ok() ? session.Show(*who) : who.status();
               });
  AddActivate(commands);
}

}  // namespace sockel::cli
