#include "services/identity/sign_in/sign_in.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "services/identity/names/names.h"
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

v1::LoginResponse Response(const std::string& session, const std::string& user,
                           const TokenIssuer::Issued& access, const std::string& refresh_token,
                           absl::Time refresh_expire_time) {
  v1::LoginResponse response;
  response.set_session(session);
  response.set_user(user);
  response.set_access_token(access.token);
  *response.mutable_access_token_expire_time() = ToTimestamp(access.expire_time);
  response.set_refresh_token(refresh_token);
  *response.mutable_refresh_token_expire_time() = ToTimestamp(refresh_expire_time);
  return response;
}

}  // namespace

absl::StatusOr<v1::LoginResponse> SignIn::Login(const Caller& anonymous,
                                                const v1::LoginRequest& request) {
  if (absl::Status status = parts_.budget.Check(anonymous.peer); !status.ok()) return status;
  auto password = NormalizePassword(request.password());
  if (!password.ok()) return password.status();
  const std::string login = absl::AsciiStrToLower(request.login());
  const Caller caller = anonymous.InTenant(Segment(request.tenant(), 1));
  // Twice, for a password that is still the same and was only hashed anew, by
  // another sign-in at the same moment.
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto response = TrySignIn(caller, login, *password);
    if (!response.ok()) return response.status();
    if (response->has_value()) return **std::move(response);
  }
  return CredentialsInvalid();
}

absl::StatusOr<std::optional<v1::LoginResponse>> SignIn::TrySignIn(Caller caller,
                                                                   const std::string& login,
                                                                   const std::string& password) {
  const absl::Time now = parts_.clock.Now();
  auto account = parts_.db.Read(caller, "sign_in.find",
                                [&](pg::Transaction& tx) -> absl::StatusOr<sign_in_store::Account> {
                                  return sign_in_store::Find(tx, login);
                                });
  if (!account.ok()) return account.status();
  if (account->blocked_until > now) return TooManyAttempts(account->blocked_until - now);

  absl::Status status = CheckPassword(caller, *account, login, password);
  if (!status.ok()) return status;
  status = CheckMaySignIn(account->user_active, account->tenant_active);
  if (!status.ok()) return status;

  std::string new_hash;
  if (parts_.hasher.NeedsRehash(account->password_hash)) {
    // Only an improvement: without it the sign-in is as good.
    new_hash = parts_.hasher.Hash(password).value_or("");
  }
  caller.subject = UserName(caller.tenant, account->user);
  caller.permission = "identity.sessions.create";
  return StartSession(caller, *account, {login, std::move(new_hash), now});
}

absl::Status SignIn::CheckPassword(const Caller& caller, const sign_in_store::Account& account,
                                   const std::string& login, const std::string& password) {
  if (parts_.hasher.Verify(account.password_hash, password)) return absl::OkStatus();
  parts_.budget.RecordFailure(caller.peer);
  if (absl::Status status = RecordFailure(caller, account, login); !status.ok()) return status;
  return CredentialsInvalid();
}

absl::Status SignIn::RecordFailure(const Caller& anonymous, const sign_in_store::Account& account,
                                   const std::string& login) {
  // A tenant that is not there is guarded like one that is, or it would show.
  if (!IsTenantCode(anonymous.tenant)) return absl::OkStatus();
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
      events::Emit(tx, {.type = "identity.user.signInBlocked", .resource = user});
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::optional<v1::LoginResponse>> SignIn::StartSession(
    const Caller& caller, const sign_in_store::Account& account, const NewSession& session) {
  const std::string id = ids::NewUuidV7(session.now);
  const std::string name = SessionName(caller.tenant, account.user, id);
  const RefreshToken refresh = RefreshToken::First(caller.tenant, id);
  return parts_.db.Write(
      caller, "sessions.create",
      [&](pg::WriteTransaction& tx) -> absl::StatusOr<std::optional<v1::LoginResponse>> {
        const absl::Time issue_time = parts_.issuer.Begin(tx);
        const bool rehash = !session.new_hash.empty();
        if (rehash && !sign_in_store::ReplacePasswordHash(tx, account.user, account.password_hash,
                                                          session.new_hash)) {
          return std::nullopt;
        }
        const absl::Time expire_time = tx.time() + parts_.sessions.lifetime;
        const absl::Time idle_expire_time = std::min(expire_time, tx.time() + parts_.sessions.idle);
        auto roles = session_store::Insert(
            tx, {id, account.user, kByPassword, refresh.Hash(),
                 rehash ? session.new_hash : account.password_hash, expire_time, idle_expire_time});
        if (!roles.has_value()) return std::nullopt;
        auto access = parts_.issuer.Issue({.subject = caller.subject,
                                           .tenant = caller.tenant,
                                           .roles = *std::move(roles),
                                           .session = name,
                                           .authentication_methods = {kByPassword},
                                           .authentication_time = issue_time},
                                          issue_time);
        if (!access.ok()) return access.status();
        if (account.has_failures) sign_in_store::ForgetFailures(tx, session.login);
        ledger::Append(tx, {.resource = name});
        events::Emit(tx, {.type = "identity.session.created", .resource = name});
        return Response(name, caller.subject, *access, refresh.ToText(), idle_expire_time);
      });
}

}  // namespace sockel::identity
