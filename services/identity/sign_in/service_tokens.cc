#include "services/identity/sign_in/service_tokens.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/auth/access_token.h"
#include "common/auth/assertion.h"
#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "services/identity/names/names.h"
#include "services/identity/service_accounts/service_account_store.h"
#include "services/identity/sign_in/session_policy.h"

namespace sockel::identity {
namespace {

using service_account_store::SignInView;

absl::Status AssertionReplayed() {
  return error::Make(absl::StatusCode::kUnauthenticated, "ASSERTION_REPLAYED",
                     "An assertion with this jti was used before; make a new one for each call.");
}

struct Verified {
  auth::Assertion assertion;
  std::string key_id;
};

// The assertion, verified with the first key that may have signed it.
absl::StatusOr<Verified> VerifyWithAny(const std::string& assertion, const std::string& key_id,
                                       const SignInView& account, absl::Time now) {
  absl::Status last = absl::InvalidArgumentError("no registered key of the account signed it");
  for (const SignInView::Key& registered : account.keys) {
    if (!key_id.empty() && registered.key_id != key_id) continue;
    if (registered.expire_time <= now) continue;
    auto key = auth::Key::FromPublicJson(registered.public_jwk);
    if (!key.ok()) return key.status();
    auto verified = auth::VerifyAssertion(assertion, *key, now);
    if (verified.ok()) return Verified{*std::move(verified), registered.key_id};
    last = verified.status();
  }
  return last;
}

bool Has(const SignInView& account, const std::string& key_id) {
  return std::any_of(account.keys.begin(), account.keys.end(),
                     [&](const SignInView::Key& key) { return key.key_id == key_id; });
}

absl::Status AssertionInvalid(const absl::Status& why) {
  return error::Make(absl::StatusCode::kUnauthenticated, "ASSERTION_INVALID",
                     absl::StrCat("The client assertion is not valid: ", why.message(), "."));
}

}  // namespace

absl::StatusOr<v1::IssueServiceTokenResponse> ServiceTokens::Issue(
    const Caller& anonymous, const v1::IssueServiceTokenRequest& request) {
  auto issuer = auth::ReadAssertionIssuer(request.client_assertion());
  if (!issuer.ok()) return AssertionInvalid(issuer.status());
  auto name = ParsePrincipal(issuer->service_account);
  if (!name.has_value() || name->kind != PrincipalName::Kind::kServiceAccount) {
    return AssertionInvalid(absl::InvalidArgumentError("iss is no service account's name"));
  }
  Caller caller = Caller::System(name->tenant);
  caller.trace_id = anonymous.trace_id;
  caller.deadline = anonymous.deadline;
  const absl::Time now = parts_.clock.Now();
  auto account = parts_.db.Read(caller, "service_tokens.find",
                                [&](pg::Transaction& tx) -> absl::StatusOr<SignInView> {
                                  return service_account_store::FindForSignIn(tx, name->id);
                                });
  if (!account.ok()) return account.status();
  auto verified = VerifyWithAny(request.client_assertion(), issuer->key_id, *account, now);
  if (!verified.ok()) return AssertionInvalid(verified.status());
  return parts_.db.Write(
      caller, "service_tokens.use_assertion",
      [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::IssueServiceTokenResponse> {
        return Redeem(tx, name->id, verified->assertion, verified->key_id);
      });
}

absl::StatusOr<v1::IssueServiceTokenResponse> ServiceTokens::Redeem(
    pg::WriteTransaction& tx, const std::string& id, const auth::Assertion& assertion,
    const std::string& key_id) const {
  const absl::Time issue_time = parts_.issuer.Begin(tx);
  // Anew: what was found before may have been taken away meanwhile.
  const SignInView account = service_account_store::FindForSignIn(tx, id);
  if (!Has(account, key_id)) {
    return AssertionInvalid(absl::InvalidArgumentError("its key has just been removed"));
  }
  absl::Status status = CheckMaySignIn(true, account.tenant_active);
  if (!status.ok()) return status;
  // It is accepted for a while after its expiry, and the replica that forgets it
  // may be ahead of the one that is asked again.
  const absl::Time forget_time = assertion.expire_time + 2 * auth::kLeeway;
  if (!service_account_store::UseAssertion(tx, id, assertion.id, forget_time)) {
    return AssertionReplayed();
  }
  if (!account.used) service_account_store::MarkUsed(tx, id);
  auto token = parts_.issuer.Issue({.subject = ServiceAccountName(tx.caller().tenant, id),
                                    .tenant = tx.caller().tenant,
                                    .roles = account.roles,
                                    .authentication_methods = {"private_key_jwt"},
                                    .authentication_time = issue_time},
                                   issue_time);
  if (!token.ok()) return token.status();
  v1::IssueServiceTokenResponse response;
  response.set_access_token(token->token);
  *response.mutable_expire_time() = ToTimestamp(token->expire_time);
  return response;
}

}  // namespace sockel::identity
