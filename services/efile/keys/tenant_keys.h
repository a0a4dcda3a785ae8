#pragma once

#include <atomic>
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
//
// Nothing is wrapped or opened with a master key that is not the one of the
// database: UNAVAILABLE/DEPENDENCY_UNAVAILABLE for callers, and the log says what
// to do. The first process that uses a database decides which one is right.
class TenantKeys {
 public:
  TenantKeys(pg::Database& db, Key master) : db_(db), master_(std::move(master)) {}

  // For the start: FAILED_PRECONDITION, which says what to do, when the database
  // knows another master key. Changes nothing; OK when nothing was decided yet.
  absl::Status CheckMaster();

  // A first key for a tenant, wrapped; for CreateIn.
  absl::StatusOr<std::string> NewTenantKey(const std::string& tenant);
  // Gives it to the caller's tenant unless that has one.
  void CreateIn(pg::WriteTransaction& tx, const std::string& wrapped) const;

  // A key for a new content of the caller's tenant.
  // FAILED_PRECONDITION/TENANT_NOT_PROVISIONED when the tenant has no key;
  // DATA_LOSS/CONTENT_DAMAGED when it does not open.
  absl::StatusOr<NewDataKey> NewContentKey(const Caller& caller, const std::string& content_id);

  // DATA_LOSS/CONTENT_DAMAGED when it, or the tenant's key, does not open.
  absl::StatusOr<Key> Open(const Caller& caller, const std::string& content_id,
                           const WrappedDataKey& stored);

 private:
  struct Versioned {
    int version;
    Key key;
  };
  enum class Master { kRight, kWrong, kUndecided };
  Master Judge(pg::Transaction& tx) const;
  bool Opens(const WrappedTenantKey& row) const;
  // Before the first use of the master key: decides, if nobody has yet.
  absl::Status RequireMaster();
  absl::StatusOr<Versioned> Newest(const Caller& caller);
  absl::StatusOr<Key> Get(const Caller& caller, int version);
  absl::StatusOr<Key> OpenAndKeep(const WrappedTenantKey& row);

  pg::Database& db_;
  const Key master_;
  TenantKeyStore store_;
  std::atomic<bool> master_is_right_ = false;
  std::atomic<bool> told_ = false;  // the log, that it is wrong
  absl::Mutex mutex_;
  absl::flat_hash_map<std::pair<std::string, int>, Key> opened_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, int> newest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sockel::efile
