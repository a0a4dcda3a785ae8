#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"
#include "services/identity/passwords/password_hasher.h"
#include "services/identity/revocations/revoker.h"
#include "services/identity/secrets/master_key.h"
#include "sockel/identity/v1/user.pb.h"

namespace sockel::identity {

// How a user gets a password: a code made by an administrator, used once.
// Thread-safe.
//
// A code is an HMAC of user and expiry under a key of the server. So the
// recorded answer of an idempotent request holds no secret, and a repeat still
// gets the same code.
class Activation {
 public:
  struct Parts {
    pg::Database& db;
    const Clock& clock;
    const PasswordHasher& hasher;
    const Revoker& revoker;
    const MasterKey& master_key;
  };
  explicit Activation(const Parts& parts)
      : parts_(parts), key_(parts.master_key.Derive(KeyPurpose::kActivationCodes)) {}

  absl::StatusOr<v1::IssueActivationCodeResponse> IssueCode(
      const Caller& caller, const v1::IssueActivationCodeRequest& request);
  absl::StatusOr<v1::ActivateUserResponse> Activate(const Caller& caller,
                                                    const v1::ActivateUserRequest& request);

 private:
  // The user's id, if this is the user's code.
  absl::StatusOr<std::string> CheckCode(const Caller& caller, const std::string& login,
                                        const std::string& code_hash);
  std::string CodeFor(const v1::IssueActivationCodeResponse& response) const;

  const Parts parts_;
  const std::string key_;
};

}  // namespace sockel::identity
