#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/pg/database.h"

// Keys that sign access tokens; they live in the provider's tenant.
namespace sockel::identity::signing_key_store {

struct Row {
  std::string key_id;
  std::string sealed_jwk;
  absl::Time sign_time;
  std::optional<absl::Time> expire_time;
};

// Those that have not expired, in the order in which they sign.
std::vector<Row> ListLive(pg::Transaction& tx, absl::Time now);
// Wakes all replicas with the commit.
void Insert(pg::WriteTransaction& tx, const Row& key);
// Every key that has no end yet gets this one.
void RetireAll(pg::WriteTransaction& tx, absl::Time expire_time);
// These get this end, whatever theirs is.
void Retire(pg::WriteTransaction& tx, const std::vector<std::string>& key_ids,
            absl::Time expire_time);
void DeleteExpired(pg::WriteTransaction& tx, absl::Time now);

inline constexpr char kChannel[] = "identity_signing_keys";

}  // namespace sockel::identity::signing_key_store
