#include "services/identity/sign_in/sessions.h"

#include "absl/strings/str_split.h"
#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "common/paging/page.h"
#include "services/identity/names/names.h"

namespace sockel::identity {
namespace {

// Older tokens than so many refreshes ago are not told from invented ones.
constexpr int kMostGenerationsBack = 10'000;

absl::Status RefreshTokenInvalid() {
  return error::Make(absl::StatusCode::kUnauthenticated, "REFRESH_TOKEN_INVALID",
                     "The refresh token is not valid, or its session has ended; sign in again.");
}

absl::Status RefreshTokenReused() {
  return error::Make(absl::StatusCode::kUnauthenticated, "REFRESH_TOKEN_REUSED",
                     "The refresh token had been used before, so its session was ended; sign in "
                     "again.");
}

void RecordEnd(pg::WriteTransaction& tx, const Revoker& revoker, const std::string& session,
               const char* why) {
  revoker.Revoke(tx, session);
  ledger::Append(tx, {.resource = session, .details = {{"reason", why}}});
  events::Emit(tx, {.type = "identity.session.revoked", .resource = session});
}

}  // namespace

Sessions::Refreshed Sessions::Rotate(pg::WriteTransaction& tx, const RefreshToken& token,
                                     const RefreshToken& successor) const {
  const absl::Time idle = tx.time() + parts_.policy.idle;
  auto holder = session_store::Rotate(
      tx, {token.session, token.generation, token.Hash(), successor.Hash(), idle});
  if (holder.has_value()) {
    return {Outcome::kRefreshed, *holder, std::min(idle, holder->expire_time)};
  }
  auto current = session_store::FindLiveForUpdate(tx, token.session);
  if (!current.has_value()) return {};
  Refreshed judged = Judge(tx, token, *current);
  if (judged.outcome == Outcome::kReused) {
    session_store::Revoke(tx, token.session);
    RecordEnd(tx, parts_.revoker, SessionName(token.tenant, current->holder.user, token.session),
              "refresh token used twice");
  }
  return judged;
}

Sessions::Refreshed Sessions::Judge(pg::WriteTransaction& tx, const RefreshToken& token,
                                    const session_store::Current& current) const {
  const int behind = current.generation - token.generation;
  if (behind < 1 || behind > kMostGenerationsBack) return {};
  RefreshToken descendant = token;
  for (int i = 0; i < behind; ++i) descendant = descendant.Successor(key_);
  if (!ids::SecretsEqual(descendant.Hash(), current.refresh_hash)) return {};
  Refreshed judged;
  judged.holder = current.holder;
  judged.idle_expire_time =
      std::min(current.refresh_time + parts_.policy.idle, current.holder.expire_time);
  const bool retry = behind == 1 && tx.time() <= current.refresh_time + parts_.policy.retry_grace;
  judged.outcome = retry ? Outcome::kRefreshed : Outcome::kReused;
  return judged;
}

absl::StatusOr<Sessions::Refreshed> Sessions::Advance(const Caller& anonymous,
                                                      const RefreshToken& token,
                                                      const RefreshToken& successor) {
  Caller caller = Caller::System(token.tenant);
  caller.trace_id = anonymous.trace_id;
  caller.deadline = anonymous.deadline;
  caller.permission = "identity.sessions.refresh";
  auto refreshed = parts_.db.Write(
      caller, "sessions.refresh", [&](pg::WriteTransaction& tx) -> absl::StatusOr<Refreshed> {
        const absl::Time issue_time = parts_.issuer.Begin(tx);
        Refreshed result = Rotate(tx, token, successor);
        result.issue_time = issue_time;
        // An ended family must stay ended: these answers commit.
        if (result.outcome != Outcome::kRefreshed) return result;
        absl::Status status =
            CheckMaySignIn(result.holder.user_active, result.holder.tenant_active);
        if (!status.ok()) return status;
        return result;
      });
  if (!refreshed.ok()) return refreshed.status();
  if (refreshed->outcome == Outcome::kReused) return RefreshTokenReused();
  if (refreshed->outcome == Outcome::kInvalid) return RefreshTokenInvalid();
  return refreshed;
}

absl::StatusOr<v1::RefreshTokensResponse> Sessions::Refresh(
    const Caller& anonymous, const v1::RefreshTokensRequest& request) {
  const auto token = RefreshToken::Parse(request.refresh_token());
  if (!token.has_value()) return RefreshTokenInvalid();
  const RefreshToken successor = token->Successor(key_);
  auto refreshed = Advance(anonymous, *token, successor);
  if (!refreshed.ok()) return refreshed.status();
  const session_store::Holder& holder = refreshed->holder;
  const std::string name = SessionName(token->tenant, holder.user, token->session);
  auto access = parts_.issuer.Issue({.subject = UserName(token->tenant, holder.user),
                                     .tenant = token->tenant,
                                     .roles = holder.roles,
                                     .session = name,
                                     .authentication_methods = absl::StrSplit(
                                         holder.authentication_methods, ' ', absl::SkipEmpty()),
                                     .authentication_time = holder.create_time},
                                    refreshed->issue_time);
  if (!access.ok()) return access.status();
  v1::RefreshTokensResponse response;
  response.set_session(name);
  response.set_access_token(access->token);
  *response.mutable_access_token_expire_time() = ToTimestamp(access->expire_time);
  response.set_refresh_token(successor.ToText());
  *response.mutable_refresh_token_expire_time() = ToTimestamp(refreshed->idle_expire_time);
  return response;
}

absl::StatusOr<v1::ListSessionsResponse> Sessions::List(const Caller& caller,
                                                        const v1::ListSessionsRequest& request) {
  auto before = parts_.pages.Read(caller, request);
  if (!before.ok()) return before.status();
  const int limit = paging::PageSize(request.page_size());
  const absl::Time now = parts_.clock.Now();
  return parts_.db.Read(caller, "sessions.list",
                        [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListSessionsResponse> {
                          v1::ListSessionsResponse response;
                          auto& page = *response.mutable_sessions();
                          paging::Rows<v1::Session> found{session_store::ListLive(
                              tx, Segment(request.parent(), 3), *before, limit + 1, now)};
                          if (paging::Fill(std::move(found), limit, page)) {
                            const std::string last = Segment(page.rbegin()->name(), 5);
                            response.set_next_page_token(parts_.pages.Make(caller, request, last));
                          }
                          return response;
                        });
}

absl::StatusOr<v1::Session> Sessions::End(pg::WriteTransaction& tx, const std::string& name) const {
  auto session = session_store::FindForUpdate(tx, Segment(name, 3), Segment(name, 5));
  if (!session.has_value()) return error::NotFound(name);
  if (session->has_revoke_time()) return *std::move(session);
  session_store::Revoke(tx, Segment(name, 5));
  RecordEnd(tx, parts_.revoker, name, "asked for");
  *session->mutable_revoke_time() = ToTimestamp(tx.time());
  return *std::move(session);
}

absl::StatusOr<v1::Session> Sessions::Revoke(const Caller& caller,
                                             const v1::RevokeSessionRequest& request) {
  return parts_.db.Write(caller, "sessions.revoke",
                         [&](pg::WriteTransaction& tx) { return End(tx, request.name()); });
}

absl::StatusOr<v1::LogoutResponse> Sessions::Logout(const Caller& anyone,
                                                    const v1::LogoutRequest&) {
  if (anyone.session.empty()) return v1::LogoutResponse();
  Caller caller = anyone.InTenant(anyone.home_tenant);
  caller.permission = "identity.sessions.logout";
  return parts_.db.Write(caller, "sessions.logout",
                         [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::LogoutResponse> {
                           // A session that is gone is a session that has ended.
                           absl::Status status = End(tx, caller.session).status();
                           if (!status.ok() && status.code() != absl::StatusCode::kNotFound)
                             return status;
                           return v1::LogoutResponse();
                         });
}

}  // namespace sockel::identity
