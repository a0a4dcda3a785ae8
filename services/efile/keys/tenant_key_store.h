#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/pg/database.h"

namespace sockel::efile {

// A row of tenant_keys.
struct WrappedTenantKey {
  std::string tenant;
  int version = 0;
  std::string wrapped;
};

// SQL of tenant_keys and master_key_checks.
class TenantKeyStore {
 public:
  // The newest; nothing when the tenant has none.
  std::optional<WrappedTenantKey> Newest(pg::Transaction& tx, const std::string& tenant) const;
  std::optional<WrappedTenantKey> Get(pg::Transaction& tx, const std::string& tenant,
                                      int version) const;
  // Adds version 1 unless there is one.
  void InsertFirst(pg::WriteTransaction& tx, const std::string& tenant,
                   const std::string& wrapped) const;

  // The rest is for transactions in all tenants. At most `limit`, from the oldest
  // on.
  std::vector<WrappedTenantKey> ListOldest(pg::Transaction& tx, int limit) const;
  // The key that shows which master key is right; nothing before the first use.
  std::optional<std::string> MasterKeyCheck(pg::Transaction& tx) const;
  // Adds it unless there is one.
  void InsertMasterKeyCheck(pg::WriteTransaction& tx, const std::string& wrapped) const;
};

}  // namespace sockel::efile
