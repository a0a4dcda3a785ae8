#include "sockel/identity/v1/tenant.grpc.pb.h"
#include "tools/sockel/commands.h"

namespace sockel::cli {
namespace {

using identity::v1::Tenant;
using identity::v1::TenantService;

struct Options {
  std::string id;
  std::string display_name;
  std::string kind = "MINISTRY";
};

std::string FullName(const std::string& id) {
  return id.find('/') == std::string::npos ? "tenants/" + id : id;
}

absl::Status ShowResult(Session& session, const absl::StatusOr<Tenant>& tenant) {
  return tenant.ok() ? session.Show(*tenant) : tenant.status();
}

absl::Status Create(Session& session, const Options& options) {
  identity::v1::CreateTenantRequest request;
  request.set_tenant_id(options.id);
  request.mutable_tenant()->set_display_name(options.display_name);
  Tenant::Kind kind = Tenant::KIND_UNSPECIFIED;
  Tenant::Kind_Parse(options.kind, &kind);
  request.mutable_tenant()->set_kind(kind);
  return ShowResult(session,
                    session.Call<TenantService>(&TenantService::Stub::CreateTenant, request));
}

absl::Status List(Session& session) {
  auto response = session.List<TenantService>(&TenantService::Stub::ListTenants,
                                              identity::v1::ListTenantsRequest());
  if (!response.ok()) return response.status();
  return session.ShowList(*response, "tenants",
                          {{"CODE", "name|id"},
                           {"KIND", "kind"},
                           {"STATE", "state"},
                           {"DISPLAY NAME", "display_name"}});
}

}  // namespace

void AddTenantCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("tenants", "Ministries and authorities");
  auto options = std::make_shared<Options>();
  const auto add_id = [&](CLI::App& command) {
    command.add_option("code", options->id, "Code of the tenant, such as smi")->required();
  };

  CLI::App& create =
      commands.Add(group, "create", "Create a tenant",
                   "sockel tenants create smi --display-name \"Staatsministerium des Innern\"",
                   [&session, options] { return Create(session, *options); });
  add_id(create);
  create.add_option("--display-name", options->display_name, "What people call it")->required();
  create.add_option("--kind", options->kind, "MINISTRY or AUTHORITY")
      ->check(CLI::IsMember({"MINISTRY", "AUTHORITY"}))
      ->capture_default_str();

  commands.Add(group, "list", "List tenants", "sockel tenants list",
               [&session] { return List(session); });
  add_id(commands.Add(group, "get", "Show a tenant", "sockel tenants get smi", [&session, options] {
    identity::v1::GetTenantRequest request;
    request.set_name(FullName(options->id));
    return ShowResult(session,
                      session.Call<TenantService>(&TenantService::Stub::GetTenant, request));
  }));
  add_id(commands.Add(group, "suspend", "Stop a tenant: nobody signs in, no token is valid",
                      "sockel tenants suspend smi", [&session, options] {
                        identity::v1::SuspendTenantRequest request;
                        request.set_name(FullName(options->id));
                        return ShowResult(session,
                                          session.Call<TenantService>(
                                              &TenantService::Stub::SuspendTenant, request));
                      }));
  add_id(commands.Add(group, "resume", "Let a suspended tenant work again",
                      "sockel tenants resume smi", [&session, options] {
                        identity::v1::ResumeTenantRequest request;
                        request.set_name(FullName(options->id));
                        return ShowResult(
                            session, session.Call<TenantService>(&TenantService::Stub::ResumeTenant,
                                                                 request));
                      }));
}

}  // namespace sockel::cli
