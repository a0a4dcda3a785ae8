#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/pg/database.h"
#include "services/identity/passwords/password_hasher.h"
#include "services/identity/revocations/revoker.h"
#include "services/identity/service_accounts/service_accounts.h"
#include "services/identity/signing_keys/signing_keys.h"

namespace sockel::identity {

// The beginning, before anybody could sign in to make it: the provider's tenant,
// its first operator, the services' accounts, the first signing key. Each step
// does nothing when its result is there already, so that all can be run again.
class Bootstrap {
 public:
  Bootstrap(pg::Database& db, const PasswordHasher& hasher, SigningKeys& signing_keys,
            const Revoker& revoker)
      : db_(db), hasher_(hasher), signing_keys_(signing_keys), revoker_(revoker) {}

  // Each says in one sentence what it did.
  absl::StatusOr<std::string> MakeProvider();
  // FAILED_PRECONDITION, which says what to do, when one that is there does not
  // open with our master key.
  absl::StatusOr<std::string> MakeSigningKey();
  // Only after the loss of a master key: ends the keys that do not open with ours,
  // and with them all access tokens that they signed.
  absl::StatusOr<std::string> ReplaceSigningKeys();
  // Whether this operator has a password already; then MakeOperator leaves it.
  absl::StatusOr<bool> HasPassword(const std::string& login);
  // With the roles operator and tenant-admin. INVALID_ARGUMENT: the password.
  absl::StatusOr<std::string> MakeOperator(const std::string& login, const std::string& password);
  // `service`: efile … Adds the key to those the account has, unless it was
  // removed from it once: whoever runs this again may still have it at hand.
  absl::StatusOr<std::string> MakeServiceAccount(const std::string& service, const PublicKey& key);
  // Takes a key back; the account's tokens stop. Nobody can do so with a token:
  // no role may give the roles of the suite's services.
  absl::StatusOr<std::string> RemoveServiceAccountKey(const std::string& service,
                                                      const std::string& key_id);

 private:
  pg::Database& db_;
  const PasswordHasher& hasher_;
  SigningKeys& signing_keys_;
  const Revoker& revoker_;
};

}  // namespace sockel::identity
