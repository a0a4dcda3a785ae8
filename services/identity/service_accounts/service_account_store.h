#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/pg/database.h"
#include "sockel/identity/v1/service_account.pb.h"

// The service accounts of the caller's tenant.
namespace sockel::identity::service_account_store {

// Keys in the order of their registration.
std::optional<v1::ServiceAccount> Find(pg::Transaction& tx, std::string_view account);
std::vector<v1::ServiceAccount> List(pg::Transaction& tx, std::string_view after, int limit);

enum class Insertion { kDone, kExists, kNoTenant };
// Without keys.
Insertion Insert(pg::WriteTransaction& tx, std::string_view account, std::string_view display_name);
void Delete(pg::WriteTransaction& tx, std::string_view account);

// Locks the account until the transaction ends; false when there is none.
bool Lock(pg::WriteTransaction& tx, std::string_view account);
// Counts a change of the account or its keys: new etag.
void Touch(pg::WriteTransaction& tx, std::string_view account);

// False when the account has this key already.
bool InsertKey(pg::WriteTransaction& tx, std::string_view account, std::string_view key_id,
               std::string_view public_jwk, std::optional<absl::Time> expire_time);
// Remembers that it was removed. False when it has no such key.
bool DeleteKey(pg::WriteTransaction& tx, std::string_view account, std::string_view key_id);
// Whether DeleteKey ever did, also when somebody added the key again. Certain
// until the transaction ends only with the account locked.
bool WasRemoved(pg::Transaction& tx, std::string_view account, std::string_view key_id);

// What sign-in needs to know. Without keys when there is no such account.
struct SignInView {
  struct Key {
    std::string key_id;
    std::string public_jwk;
    absl::Time expire_time = absl::InfiniteFuture();
  };
  bool tenant_active = false;
  bool used = false;  // see MarkUsed
  std::vector<std::string> roles;
  std::vector<Key> keys;
};
SignInView FindForSignIn(pg::Transaction& tx, std::string_view account);

// Remembers a client assertion; false when it is known already.
bool UseAssertion(pg::WriteTransaction& tx, std::string_view account, std::string_view assertion,
                  absl::Time expire_time);
// Forgets those that have expired, in all tenants.
void DeleteExpiredAssertions(pg::WriteTransaction& tx, absl::Time now);

// Notes that the account got a token, which no other row tells for long. At
// commit.
void MarkUsed(pg::WriteTransaction& tx, std::string_view account);

}  // namespace sockel::identity::service_account_store
