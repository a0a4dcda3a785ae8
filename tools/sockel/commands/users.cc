#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/auth/roles.h"
#include "common/error/error.h"
#include "sockel/identity/v1/authentication.grpc.pb.h"
#include "sockel/identity/v1/role_binding.grpc.pb.h"
#include "sockel/identity/v1/user.grpc.pb.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/exit_code.h"
#include "tools/sockel/user_names.h"

namespace sockel::cli {
namespace {

using identity::v1::RoleBindingService;
using identity::v1::UserService;

struct Options {
  std::string user;
  std::string login;
  std::string display_name;
  std::string email;
  std::string locale;
  std::vector<std::string> roles;
};

// Before the user is made: a mistyped role shall not leave half of it done.
absl::Status CheckRoles(const std::vector<std::string>& roles) {
  for (const std::string& role : roles) {
    if (auth::FindRole(role) != nullptr) continue;
    std::string known;
    for (const auth::Role& one : auth::BuiltInRoles()) {
      known.append(known.empty() ? "" : ", ").append(one.name);
    }
    return WithNextStep(
        error::Make(absl::StatusCode::kInvalidArgument, "ROLE_UNKNOWN",
                    absl::StrCat("there is no role ", role, "; no user was created"),
                    {{"role", role}}),
        absl::StrCat("take one of ", known));
  }
  return absl::OkStatus();
}

// What was done although a role could not be given.
absl::Status WithoutRole(const Session& session, const identity::v1::User& user,
                         const std::vector<std::string>& given, const std::string& role,
                         const absl::Status& refusal) {
  std::string done = absl::StrCat("the user ", user.name(), " was created");
  if (!given.empty()) absl::StrAppend(&done, ", with the role ", absl::StrJoin(given, ", "));
  return WithNextStep(WithMessage(refusal, absl::StrCat(done, "; ", role, ": ", refusal.message())),
                      absl::StrCat("give each role that is missing with `", session.Command(),
                                   " roles bind ROLE ", user.name(), "`"));
}

absl::Status Create(Session& session, const Options& options) {
  if (absl::Status known = CheckRoles(options.roles); !known.ok()) return known;
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  identity::v1::CreateUserRequest request;
  request.set_parent(*tenant);
  request.mutable_user()->set_login(options.login);
  request.mutable_user()->set_display_name(options.display_name);
  request.mutable_user()->set_email_address(options.email);
  request.mutable_user()->set_locale(options.locale);
  auto user = session.Call<UserService>(&UserService::Stub::CreateUser, request);
  if (!user.ok()) return user.status();
  std::vector<std::string> given;
  for (const std::string& role : options.roles) {
    identity::v1::CreateRoleBindingRequest binding;
    binding.set_parent(*tenant);
    binding.mutable_role_binding()->set_principal(user->name());
    binding.mutable_role_binding()->set_role(role);
    auto bound =
        session.Call<RoleBindingService>(&RoleBindingService::Stub::CreateRoleBinding, binding);
    if (!bound.ok()) {
      session.Show(*user).IgnoreError();
      return WithoutRole(session, *user, given, role, bound.status());
    }
    given.push_back(role);
  }
  return session.Show(*user);
}

absl::Status List(Session& session) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  identity::v1::ListUsersRequest request;
  request.set_parent(*tenant);
  auto response = session.List<UserService>(&UserService::Stub::ListUsers, request);
  if (!response.ok()) return response.status();
  return session.ShowList(*response, "users",
                          {{"ID", "name|id"},
                           {"LOGIN", "login"},
                           {"STATE", "state"},
                           {"ACTIVATED", "activated"},
                           {"DISPLAY NAME", "display_name"},
                           {"E-MAIL", "email_address"}});
}

// Get, Lock, Unlock, IssueActivationCode: a name in, a message out.
template <typename Request, typename Response>
absl::Status ByName(Session& session, const std::string& user,
                    grpc::Status (UserService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                              Response*)) {
  absl::StatusOr<std::string> name = ResolveUser(session, user);
  if (!name.ok()) return name.status();
  Request request;
  request.set_name(*name);
  auto response = session.Call<UserService>(method, request);
  return response.ok() ? session.Show(*response) : response.status();
}

}  // namespace

void AddUserCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("users", "People of a tenant");
  auto options = std::make_shared<Options>();
  const auto add_user = [&](CLI::App& command) {
    command.add_option("user", options->user, "Login, id or name of the user")->required();
  };
  CLI::App& create =
      commands.Add(group, "create", "Create a user",
                   "sockel users create --login erika --display-name \"Erika Muster\" "
                   "--email erika@smi.example --role caseworker",
                   [&session, options] { return Create(session, *options); });
  create.add_option("--login", options->login, "What the user signs in with")->required();
  create.add_option("--display-name", options->display_name, "Name for people")->required();
  create.add_option("--email", options->email, "Where notifications go");
  create.add_option("--locale", options->locale, "Language, such as de-DE");
  create.add_option("--role", options->roles, "Role to give; may be repeated");

  commands.Add(group, "list", "List the users of the tenant", "sockel -t smi users list",
               [&session] { return List(session); });
  add_user(commands.Add(group, "get", "Show a user", "sockel users get erika", [&session, options] {
    return ByName(session, options->user, &UserService::Stub::GetUser);
  }));
  add_user(commands.Add(group, "lock", "Stop a user: no sign-in, sessions end",
                        "sockel users lock erika", [&session, options] {
                          return ByName(session, options->user, &UserService::Stub::LockUser);
                        }));
  add_user(commands.Add(group, "unlock", "Let a user sign in again", "sockel users unlock erika",
                        [&session, options] {
                          return ByName(session, options->user, &UserService::Stub::UnlockUser);
                        }));
  add_user(
      commands.Add(group, "issue-code", "Make a one-time code with which the user sets a password",
                   "sockel users issue-code erika", [&session, options] {
                     return ByName(session, options->user, &UserService::Stub::IssueActivationCode);
                   }));
}

}  // namespace sockel::cli
