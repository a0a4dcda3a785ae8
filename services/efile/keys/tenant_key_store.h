#pragma once

#include <optional>
#include <string>

#include "common/pg/database.h"

namespace sockel::efile {

// A row of tenant_keys.
struct WrappedTenantKey {
  int version = 0;
  std::string wrapped;
};

// SQL of tenant_keys.
class TenantKeyStore {
 public:
  // The newest; nothing when the tenant has none.
  std::optional<WrappedTenantKey> Newest(pg::Transaction& tx, const std::string& tenant) const;
  std::optional<WrappedTenantKey> Get(pg::Transaction& tx, const std::string& tenant,
                                      int version) const;
  // Adds version 1 unless there is one.
  void InsertFirst(pg::WriteTransaction& tx, const std::string& tenant,
                   const std::string& wrapped) const;
};

}  // namespace sockel::efile
