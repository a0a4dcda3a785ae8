#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/pg/database.h"

// What was provisioned for the catalog's subscriptions.
namespace sockel::identity::provisioner_store {

struct Instance {
  std::string id;
  std::string tenant;
  std::string parameters_hash;
  std::string user;
  std::string service_account;
  bool deprovisioned = false;
  absl::Time update_time;
};

// In the caller's tenant; in all when the caller works in all.
std::optional<Instance> Find(pg::Transaction& tx, std::string_view instance);
void Insert(pg::WriteTransaction& tx, const Instance& instance);
void MarkDeprovisioned(pg::WriteTransaction& tx, std::string_view instance);
void Delete(pg::WriteTransaction& tx, std::string_view instance);

// Whether the tenant holds nothing but what the instance made, its administrator
// never set a password and its application never got a token.
bool IsUntouched(pg::WriteTransaction& tx);

}  // namespace sockel::identity::provisioner_store
