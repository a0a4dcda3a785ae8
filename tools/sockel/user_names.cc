#include "tools/sockel/user_names.h"

#include "absl/strings/str_cat.h"
#include "common/ids/ids.h"
#include "sockel/identity/v1/user.grpc.pb.h"
#include "tools/sockel/exit_code.h"

namespace sockel::cli {

using identity::v1::UserService;

absl::StatusOr<std::string> ResolveUser(Session& session, const std::string& user) {
  if (user.find('/') != std::string::npos) return user;
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant;
  if (ids::IsUuid(user)) return absl::StrCat(*tenant, "/users/", user);
  identity::v1::ListUsersRequest request;
  request.set_parent(*tenant);
  request.set_login(user);
  auto found = session.Call<UserService>(&UserService::Stub::ListUsers, request);
  if (absl::IsPermissionDenied(found.status())) {
    return WithNextStep(
        WithMessage(found.status(), absl::StrCat("you may not look up the login ", user)),
        "give the user's id or name");
  }
  if (!found.ok()) return found.status();
  if (found->users_size() != 1) {
    return absl::NotFoundError(absl::StrCat("nobody in ", *tenant, " has the login ", user));
  }
  return found->users(0).name();
}

}  // namespace sockel::cli
