#pragma once

#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/pg/database.h"
#include "services/efile/content/keys.h"
#include "services/efile/keys/tenant_key_store.h"

namespace sockel::efile {

// A data key as it is stored: wrapped by the tenant's key of this version.
struct WrappedDataKey {
  std::string wrapped;
  int key_version = 0;
};

// A fresh data key, and what to store of it.
struct NewDataKey {
  Key key;
  WrappedDataKey stored;
};

// Makes and opens the keys of contents. Tenants' keys are kept in memory once
// they were opened: they never change. Thread-safe.
class TenantKeys {
 public:
  TenantKeys(pg::Database& db, Key master) : db_(db), master_(std::move(master)) {}

  // Gives the caller's tenant its first key if it has none yet.
  absl::Status CreateIn(pg::WriteTransaction& tx) const;

  // A key for a new content of the caller's tenant.
  // FAILED_PRECONDITION/TENANT_NOT_PROVISIONED when the tenant has no key.
  absl::StatusOr<NewDataKey> NewContentKey(const Caller& caller, const std::string& content_id);

  // DATA_LOSS/CONTENT_DAMAGED when it does not open.
  absl::StatusOr<Key> Open(const Caller& caller, const std::string& content_id,
                           const WrappedDataKey& stored);

 private:
  struct Versioned {
    int version;
    Key key;
  };
  absl::StatusOr<Versioned> Newest(const Caller& caller);
  absl::StatusOr<Key> Get(const Caller& caller, int version);
  absl::StatusOr<Key> OpenAndKeep(const std::string& tenant, const WrappedTenantKey& row);

  pg::Database& db_;
  const Key master_;
  TenantKeyStore store_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::pair<std::string, int>, Key> opened_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, int> newest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sockel::efile
