#include "services/identity/sign_in/service_tokens.h"

#include "absl/strings/str_cat.h"
#include "common/auth/access_token.h"
#include "common/auth/assertion.h"
#include "common/error/error.h"
#include "services/identity/names/names.h"
#include "services/identity/names/timestamps.h"
#include "services/identity/service_accounts/service_account_store.h"
#include "services/identity/sign_in/session_policy.h"

namespace sockel::identity {
namespace {

using service_account_store::SignInView;

absl::Status AssertionReplayed() {
  return error::Make(absl::StatusCode::kUnauthenticated, "ASSERTION_REPLAYED",
                     "An assertion with this jti was used before; make a new one for each call.");
}

// The assertion, verified with the first key that may have signed it.
absl::StatusOr<auth::Assertion> VerifyWithAny(const std::string& assertion,
                                              const std::string& key_id, const SignInView& account,
                                              absl::Time now) {
  absl::Status last = absl::InvalidArgumentError("no registered key of the account signed it");
  for (const SignInView::Key& registered : account.keys) {
    if (!key_id.empty() && registered.key_id != key_id) continue;
    if (registered.expire_time <= now) continue;
    auto key = auth::Key::FromPublicJson(registered.public_jwk);
    if (!key.ok()) return key.status();
    auto verified = auth::VerifyAssertion(assertion, *key, now);
    if (verified.ok()) return verified;
    last = verified.status();
  }
  return last;
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
  v1::IssueServiceTokenResponse response;
  absl::Status status = Redeem(caller, request.client_assertion(), *issuer, *name, response);
  if (!status.ok()) return status;
  return response;
}

absl::Status ServiceTokens::Redeem(const Caller& caller, const std::string& text,
                                   const auth::AssertionIssuer& issuer, const PrincipalName& name,
                                   v1::IssueServiceTokenResponse& response) {
  const absl::Time now = parts_.clock.Now();
  auto account = parts_.db.Read(caller, "service_tokens.find",
                                [&](pg::Transaction& tx) -> absl::StatusOr<SignInView> {
                                  return service_account_store::FindForSignIn(tx, name.id);
                                });
  if (!account.ok()) return account.status();
  auto assertion = VerifyWithAny(text, issuer.key_id, *account, now);
  if (!assertion.ok()) return AssertionInvalid(assertion.status());
  absl::Status status = CheckMaySignIn(true, account->tenant_active);
  if (!status.ok()) return status;
  auto token = parts_.issuer.Issue({.subject = issuer.service_account,
                                    .tenant = name.tenant,
                                    .roles = account->roles,
                                    .authentication_methods = {"private_key_jwt"},
                                    .authentication_time = now},
                                   now);
  if (!token.ok()) return token.status();
  response.set_access_token(token->token);
  *response.mutable_expire_time() = ToTimestamp(token->expire_time);
  return parts_.db.Write(
      caller, "service_tokens.use_assertion", [&](pg::WriteTransaction& tx) -> absl::Status {
        // It is accepted for a while after its expiry, and the replica that
        // forgets it may be ahead of the one that is asked again.
        const absl::Time forget_time = assertion->expire_time + 2 * auth::kLeeway;
        if (!service_account_store::UseAssertion(tx, name.id, assertion->id, forget_time)) {
          return AssertionReplayed();
        }
        if (!account->used) service_account_store::MarkUsed(tx, name.id);
        return absl::OkStatus();
      });
}

}  // namespace sockel::identity
