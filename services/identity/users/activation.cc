#include "services/identity/users/activation.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "services/identity/names/names.h"
#include "services/identity/passwords/password_policy.h"
#include "services/identity/role_bindings/authority.h"
#include "services/identity/sign_in/session_store.h"
#include "services/identity/sign_in/sign_in_store.h"
#include "services/identity/users/activation_store.h"
#include "services/identity/users/user_store.h"

namespace sockel::identity {
namespace {

constexpr absl::Duration kCodeLifetime = absl::Hours(7 * 24);
constexpr size_t kCodeBytes = 12;

absl::Status CodeInvalid() {
  return error::Make(absl::StatusCode::kUnauthenticated, "ACTIVATION_CODE_INVALID",
                     "The activation code is wrong, used or expired; ask an administrator for a "
                     "new one.");
}

absl::Status AccountLocked(absl::string_view what) {
  return error::FailedPrecondition(
      "ACCOUNT_LOCKED", absl::StrCat("The account is locked; an administrator can ", what, "."));
}

// A code is as good as the account. From another tenant comes the invitation of
// an administrator who has no password yet; whoever could do more there could
// sign in as anybody.
absl::Status CheckMayIssue(pg::Transaction& tx, const v1::User& user) {
  const Caller& caller = tx.caller();
  if (caller.home_tenant == caller.tenant) {
    return CheckMayActOn(tx, {caller.tenant, PrincipalName::Kind::kUser, Segment(user.name(), 3)});
  }
  if (!user.activated()) return absl::OkStatus();
  return error::Make(absl::StatusCode::kPermissionDenied, "USER_ACTIVATED",
                     "The user has a password; only the administrators of its own tenant can "
                     "issue a code for another one.");
}

}  // namespace

std::string Activation::CodeFor(const v1::IssueActivationCodeResponse& response) const {
  const std::string text = absl::StrCat(response.name(), "\n", response.expire_time().seconds(),
                                        ".", response.expire_time().nanos());
  return ids::ToHex(HmacSha256(key_, text).substr(0, kCodeBytes));
}

absl::StatusOr<v1::IssueActivationCodeResponse> Activation::IssueCode(
    const Caller& caller, const v1::IssueActivationCodeRequest& request) {
  auto response = parts_.db.Write(
      caller, "users.issue_activation_code",
      [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::IssueActivationCodeResponse> {
        const std::string id = Segment(request.name(), 3);
        auto user = user_store::FindForUpdate(tx, id);
        if (!user.has_value()) return error::NotFound(request.name());
        if (absl::Status status = CheckMayIssue(tx, *user); !status.ok()) return status;
        if (user->state() != v1::User::ACTIVE) return AccountLocked("unlock it first");
        v1::IssueActivationCodeResponse made;
        made.set_name(user->name());
        made.set_login(user->login());
        *made.mutable_expire_time() = ToTimestamp(tx.time() + kCodeLifetime);
        activation_store::Put(tx, id, Sha256(CodeFor(made)), tx.time() + kCodeLifetime);
        ledger::Append(tx, {.resource = user->name()});
        events::Emit(tx, {.type = "identity.user.activationCodeIssued", .resource = user->name()});
        return made;
      });
  if (response.ok()) response->set_code(CodeFor(*response));
  return response;
}

absl::StatusOr<std::string> Activation::CheckCode(const Caller& caller, const std::string& login,
                                                  const std::string& code_hash) {
  auto code = parts_.db.Read(
      caller, "users.find_activation_code",
      [&](pg::Transaction& tx) -> absl::StatusOr<std::optional<activation_store::Code>> {
        return activation_store::FindByLogin(tx, login);
      });
  if (!code.ok()) return code.status();
  if (!code->has_value() || !ids::SecretsEqual((*code)->hash, code_hash) ||
      (*code)->expire_time <= parts_.clock.Now()) {
    return CodeInvalid();
  }
  if (!(*code)->user_active) return AccountLocked("unlock it");
  return (*code)->user;
}

absl::StatusOr<v1::ActivateUserResponse> Activation::Activate(
    const Caller& anonymous, const v1::ActivateUserRequest& request) {
  const std::string login = absl::AsciiStrToLower(request.login());
  auto password = CheckNewPassword(request.new_password(), login);
  if (!password.ok()) return password.status();
  Caller caller = anonymous.InTenant(Segment(request.tenant(), 1));
  const std::string hash = Sha256(absl::AsciiStrToLower(request.code()));
  auto user = CheckCode(caller, login, hash);
  if (!user.ok()) return user.status();
  auto password_hash = parts_.hasher.Hash(*password);
  if (!password_hash.ok()) return password_hash.status();
  caller.subject = UserName(caller.tenant, *user);
  caller.permission = "identity.users.activate";
  return parts_.db.Write(caller, "users.activate",
                         [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::ActivateUserResponse> {
                           if (!activation_store::Redeem(tx, *user, hash, *password_hash))
                             return CodeInvalid();
                           std::vector<std::string> sessions = session_store::RevokeAll(tx, *user);
                           for (std::string& session : sessions) {
                             session = SessionName(caller.tenant, *user, session);
                           }
                           parts_.revoker.Revoke(tx, sessions);
                           sign_in_store::ForgetFailures(tx, login);
                           ledger::Append(tx, {.resource = caller.subject});
                           events::Emit(
                               tx, {.type = "identity.user.activated", .resource = caller.subject});
                           v1::ActivateUserResponse response;
                           response.set_name(caller.subject);
                           return response;
                         });
}

}  // namespace sockel::identity
