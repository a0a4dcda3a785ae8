#pragma once

#include "absl/status/statusor.h"
#include "common/config/config.h"
#include "common/rpc/worker_pool.h"
#include "services/identity/passwords/password_hasher.h"
#include "services/identity/secrets/master_key.h"
#include "services/identity/sign_in/address_budget.h"
#include "services/identity/sign_in/session_policy.h"
#include "services/identity/sign_in/token_issuer.h"
#include "services/identity/signing_keys/signing_keys.h"

namespace sockel::identity {

// The section `identity` of the configuration; README.md lists the keys.
struct Config {
  MasterKey master_key;
  TokenOptions tokens;
  SigningKeyOptions signing_keys;
  SessionPolicy sessions;
  HashingOptions hashing;
  // Of the pool that calls run in which hash passwords.
  rpc::WorkerPool::Options passwords;
  AddressBudgetOptions addresses;
};

// Reads every key. INVALID_ARGUMENT when the master key is none; what else is
// wrong is reported by Reader::Finish().
absl::StatusOr<Config> ReadConfig(config::Reader reader);

}  // namespace sockel::identity
