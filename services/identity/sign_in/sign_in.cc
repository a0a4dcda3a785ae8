#include "services/identity/sign_in/sign_in.h"

#include "absl/strings/ascii.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "services/identity/names/names.h"
#include "services/identity/names/timestamps.h"
#include "services/identity/passwords/password_policy.h"
#include "services/identity/sign_in/refresh_token.h"
#include "services/identity/sign_in/session_store.h"

namespace sockel::identity {
namespace {

constexpr char kByPassword[] = "pwd";  // RFC 8176

absl::Status CredentialsInvalid() {
  return error::Make(absl::StatusCode::kUnauthenticated, "CREDENTIALS_INVALID",
                     "Tenant, login or password is wrong.");
}

}  // namespace

absl::StatusOr<v1::LoginResponse> SignIn::Login(const Caller& anonymous,
                                                const v1::LoginRequest& request) {
  const absl::Time now = parts_.clock.Now();
  if (absl::Status status = parts_.budget.Check(anonymous.peer); !status.ok()) return status;
  auto password = NormalizePassword(request.password());
  if (!password.ok()) return password.status();
  const std::string login = absl::AsciiStrToLower(request.login());
  Caller caller = anonymous.InTenant(Segment(request.tenant(), 1));
  auto account = parts_.db.Read(caller, "sign_in.find",
                                [&](pg::Transaction& tx) -> absl::StatusOr<sign_in_store::Account> {
                                  return sign_in_store::Find(tx, login);
                                });
  if (!account.ok()) return account.status();
  if (account->blocked_until > now) return TooManyAttempts(account->blocked_until - now);

  absl::Status status = CheckPassword(caller, *account, login, *password);
  if (!status.ok()) return status;
  status = CheckMaySignIn(account->user_active, account->tenant_active);
  if (!status.ok()) return status;

  std::string new_hash;
  if (parts_.hasher.NeedsRehash(account->password_hash)) {
    // Only an improvement: a server with no time for it signs in all the same.
    new_hash = parts_.hasher.Hash(*password, caller.deadline).value_or("");
  }
  caller.subject = UserName(caller.tenant, account->user);
  caller.permission = "identity.sessions.create";
  return StartSession(caller, *account, login, new_hash, now);
}

absl::Status SignIn::CheckPassword(const Caller& caller, const sign_in_store::Account& account,
                                   const std::string& login, const std::string& password) {
  auto right = parts_.hasher.Verify(account.password_hash, password, caller.deadline);
  if (!right.ok()) return right.status();
  if (*right) return absl::OkStatus();
  parts_.budget.RecordFailure(caller.peer);
  if (absl::Status status = RecordFailure(caller, account, login); !status.ok()) return status;
  return CredentialsInvalid();
}

absl::Status SignIn::RecordFailure(const Caller& anonymous, const sign_in_store::Account& account,
                                   const std::string& login) {
  if (!account.tenant_exists) return absl::OkStatus();
  Caller caller = Caller::System(anonymous.tenant);
  caller.trace_id = anonymous.trace_id;
  caller.deadline = anonymous.deadline;
  return parts_.db.Write(caller, "sign_in.record_failure", [&](pg::WriteTransaction& tx) {
    const sign_in_store::Failures failures = sign_in_store::RecordFailure(tx, login);
    // In the log and the events stands that somebody is being guessed at, not
    // each guess.
    if (failures.blocked_until > tx.time() && !account.user.empty()) {
      const std::string user = UserName(caller.tenant, account.user);
      ledger::Append(tx, {.resource = user,
                          .details = {{"failures", std::to_string(failures.count)}},
                          .action = "identity.users.blockSignIn"});
      events::Emit(tx, {.type = "identity.user.sign_in_blocked", .resource = user});
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::LoginResponse> SignIn::StartSession(const Caller& caller,
                                                       const sign_in_store::Account& account,
                                                       const std::string& login,
                                                       const std::string& new_hash,
                                                       absl::Time now) {
  const std::string id = ids::NewUuidV7(now);
  const std::string name = SessionName(caller.tenant, account.user, id);
  const RefreshToken refresh = RefreshToken::First(caller.tenant, id);
  auto access = parts_.issuer.Issue({.subject = caller.subject,
                                     .tenant = caller.tenant,
                                     .roles = account.roles,
                                     .session = name,
                                     .authentication_methods = {kByPassword},
                                     .authentication_time = now},
                                    now);
  if (!access.ok()) return access.status();
  return parts_.db.Write(
      caller, "sessions.create",
      [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::LoginResponse> {
        const absl::Time expire_time = tx.time() + parts_.sessions.lifetime;
        const absl::Time idle_expire_time = std::min(expire_time, tx.time() + parts_.sessions.idle);
        session_store::Insert(
            tx, {id, account.user, kByPassword, refresh.Hash(), expire_time, idle_expire_time});
        if (account.has_failures) sign_in_store::ForgetFailures(tx, login);
        if (!new_hash.empty()) sign_in_store::SetPasswordHash(tx, account.user, new_hash);
        ledger::Append(tx, {.resource = name});
        events::Emit(tx, {.type = "identity.session.created", .resource = name});
        v1::LoginResponse response;
        response.set_session(name);
        response.set_user(caller.subject);
        response.set_access_token(access->token);
        *response.mutable_access_token_expire_time() = ToTimestamp(access->expire_time);
        response.set_refresh_token(refresh.ToText());
        *response.mutable_refresh_token_expire_time() = ToTimestamp(idle_expire_time);
        return response;
      });
}

}  // namespace sockel::identity
