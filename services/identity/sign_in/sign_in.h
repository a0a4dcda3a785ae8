#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"
#include "services/identity/passwords/password_hasher.h"
#include "services/identity/sign_in/address_budget.h"
#include "services/identity/sign_in/session_policy.h"
#include "services/identity/sign_in/sign_in_store.h"
#include "services/identity/sign_in/token_issuer.h"
#include "sockel/identity/v1/authentication.pb.h"

namespace sockel::identity {

// Sign-in by password; what AuthenticationService.Login documents. Thread-safe.
class SignIn {
 public:
  struct Parts {
    pg::Database& db;
    const Clock& clock;
    const PasswordHasher& hasher;
    AddressBudget& budget;
    const TokenIssuer& issuer;
    SessionPolicy sessions;
  };
  explicit SignIn(const Parts& parts) : parts_(parts) {}

  absl::StatusOr<v1::LoginResponse> Login(const Caller& caller, const v1::LoginRequest& request);

 private:
  // Nothing when the account was changed while the password was checked.
  absl::StatusOr<std::optional<v1::LoginResponse>> TrySignIn(Caller caller,
                                                             const std::string& login,
                                                             const std::string& password);
  // OK when the password is the account's; else counts the failure.
  absl::Status CheckPassword(const Caller& caller, const sign_in_store::Account& account,
                             const std::string& login, const std::string& password);
  absl::Status RecordFailure(const Caller& caller, const sign_in_store::Account& account,
                             const std::string& login);
  // A session about to be made. `new_hash`: empty to leave the password's as it is.
  struct NewSession {
    std::string login;
    std::string new_hash;
    absl::Time now;
  };
  absl::StatusOr<std::optional<v1::LoginResponse>> StartSession(
      const Caller& caller, const sign_in_store::Account& account, const NewSession& session);

  const Parts parts_;
};

}  // namespace sockel::identity
