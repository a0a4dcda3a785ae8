#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/pg/database.h"
#include "services/identity/passwords/password_hasher.h"
#include "services/identity/service_accounts/service_accounts.h"
#include "services/identity/signing_keys/signing_keys.h"

namespace sockel::identity {

// The beginning, before anybody could sign in to make it: the provider's tenant,
// its first operator, the services' accounts, the first signing key. Each step
// does nothing when its result is there already, so that all can be run again.
class Bootstrap {
 public:
  Bootstrap(pg::Database& db, PasswordHasher& hasher, SigningKeys& signing_keys)
      : db_(db), hasher_(hasher), signing_keys_(signing_keys) {}

  // Each says in one sentence what it did.
  absl::StatusOr<std::string> MakeProvider();
  absl::StatusOr<std::string> MakeSigningKey();
  // Whether this operator has a password already; then MakeOperator leaves it.
  absl::StatusOr<bool> HasPassword(const std::string& login);
  // With the roles operator and tenant-admin. INVALID_ARGUMENT: the password.
  absl::StatusOr<std::string> MakeOperator(const std::string& login, const std::string& password);
  // `service`: efile … Adds the key to those the account has.
  absl::StatusOr<std::string> MakeServiceAccount(const std::string& service, const PublicKey& key);

 private:
  pg::Database& db_;
  PasswordHasher& hasher_;
  SigningKeys& signing_keys_;
};

}  // namespace sockel::identity
