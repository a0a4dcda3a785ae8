#include "sockel/identity/v1/access.grpc.pb.h"
#include "sockel/identity/v1/role_binding.grpc.pb.h"
#include "tools/sockel/commands.h"

namespace sockel::cli {
namespace {

using identity::v1::AccessService;
using identity::v1::RoleBindingService;
using Stub = RoleBindingService::Stub;

struct Options {
  std::string principal;
  std::string role;
  std::string binding;
  std::string permission;
  std::string resource;
};

absl::Status Bind(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  identity::v1::CreateRoleBindingRequest request;
  request.set_parent(*tenant);
  request.mutable_role_binding()->set_principal(options.principal);
  request.mutable_role_binding()->set_role(options.role);
  auto binding = session.Call<RoleBindingService>(&Stub::CreateRoleBinding, request);
  return binding.ok() ? session.Show(*binding) : binding.status();
}

absl::Status List(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  identity::v1::ListRoleBindingsRequest request;
  request.set_parent(*tenant);
  request.set_principal(options.principal);
  auto response = session.List<RoleBindingService>(&Stub::ListRoleBindings, request);
  if (!response.ok()) return response.status();
  return session.ShowList(*response, "role_bindings",
                          {{"ID", "name|id"}, {"ROLE", "role"}, {"PRINCIPAL", "principal"}});
}

absl::Status Unbind(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = session.Name("roleBindings", options.binding);
  if (!name.ok()) return name.status();
  identity::v1::DeleteRoleBindingRequest request;
  request.set_name(*name);
  auto deleted = session.Call<RoleBindingService>(&Stub::DeleteRoleBinding, request);
  return deleted.ok() ? session.ShowName(*name) : deleted.status();
}

absl::Status Check(Session& session, const Options& options) {
  identity::v1::CheckRequest request;
  request.set_principal(options.principal);
  request.set_permission(options.permission);
  request.set_resource(options.resource);
  auto answer = session.Call<AccessService>(&AccessService::Stub::Check, request);
  if (!answer.ok()) return answer.status();
  session.Show(*answer).IgnoreError();
  return answer->allowed() ? absl::OkStatus() : absl::PermissionDeniedError(answer->reason());
}

}  // namespace

void AddRoleCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("roles", "Who holds which role in a tenant");
  auto options = std::make_shared<Options>();
  CLI::App& bind = commands.Add(group, "bind", "Give a role to a user or service account",
                                "sockel roles bind caseworker tenants/smi/serviceAccounts/portal",
                                [&session, options] { return Bind(session, *options); });
  bind.add_option("role", options->role, "Role, such as caseworker")->required();
  bind.add_option("principal", options->principal, "Name of the user or service account")
      ->required();
  commands
      .Add(group, "list", "List who holds which role",
           "sockel roles list --principal tenants/smi/serviceAccounts/portal",
           [&session, options] { return List(session, *options); })
      .add_option("--principal", options->principal, "Only those of this user or service account");
  commands
      .Add(group, "unbind", "Take a role back", "sockel roles unbind 0190…",
           [&session, options] { return Unbind(session, *options); })
      .add_option("binding", options->binding, "Id or name of the binding")
      ->required();
  CLI::App& check =
      commands.Add(group, "check", "Ask whether somebody may do something (exit code 4: no)",
                   "sockel roles check efile.dossiers.close",
                   [&session, options] { return Check(session, *options); });
  check.add_option("permission", options->permission, "The permission")->required();
  check.add_option("--principal", options->principal, "Who (default: oneself)");
  check.add_option("--resource", options->resource, "On what");
}

}  // namespace sockel::cli
