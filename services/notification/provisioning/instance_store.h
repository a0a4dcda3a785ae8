#pragma once

#include <optional>
#include <string>

#include "common/pg/database.h"

// Provisioned instances in PostgreSQL.
namespace sockel::notification::instance_store {

struct Instance {
  std::string tenant;
  std::string instance_id;
  std::string request_hash;
  std::string sender_id;
  // The sender came with this instance, or with another that was active when
  // this one came. False: it is the tenant's own.
  bool owns_sender = false;
  bool active = false;
  absl::Time update_time;
};

// The transaction is bound to `*`: an instance id is unique over all tenants.
std::optional<Instance> Find(pg::Transaction& tx, const std::string& instance_id);

// In the tenant of the transaction. An instance that was taken back may come
// again. False when another transaction was faster.
bool Insert(pg::WriteTransaction& tx, const Instance& instance);
// False when it was not active.
bool Deactivate(pg::WriteTransaction& tx, const std::string& instance_id);

// Who needs a sender, in the tenant of the transaction.
struct Holders {
  int active = 0;       // instances that name it
  bool owners = false;  // one of these owns it
};
Holders HoldersOf(pg::Transaction& tx, const std::string& sender_id);

}  // namespace sockel::notification::instance_store
