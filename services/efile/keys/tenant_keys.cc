#include "services/efile/keys/tenant_keys.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "services/efile/content/gcm.h"

namespace sockel::efile {
namespace {

constexpr char kMasterKeyCheckContext[] = "master key check";
// Tenants' keys that are tried in a database from before the check: one of them
// may be damaged, but not all.
constexpr int kTried = 20;

absl::Status WrongMasterKey() {
  return absl::FailedPreconditionError(
      "efile.master_key_file: this is not the master key that the keys in the database were made "
      "with. Put that one back from its safe copy and start again; without it no content can be "
      "read, and a new one does not help.");
}

std::string TenantKeyContext(const std::string& tenant, int version) {
  return absl::StrCat("tenant key ", tenant, " ", version);
}

std::string DataKeyContext(const std::string& tenant, const std::string& content_id) {
  return absl::StrCat("data key ", tenant, " ", content_id);
}

}  // namespace

bool TenantKeys::Opens(const WrappedTenantKey& row) const {
  return UnwrapKey(master_, row.wrapped, TenantKeyContext(row.tenant, row.version)).ok();
}

TenantKeys::Master TenantKeys::Judge(pg::Transaction& tx) const {
  if (const auto check = store_.MasterKeyCheck(tx)) {
    const bool right = UnwrapKey(master_, *check, kMasterKeyCheckContext).ok();
    return right ? Master::kRight : Master::kWrong;
  }
  const std::vector<WrappedTenantKey> keys = store_.ListOldest(tx, kTried);
  const bool wrong = !keys.empty() && std::none_of(keys.begin(), keys.end(),
                                                   [&](const auto& row) { return Opens(row); });
  return wrong ? Master::kWrong : Master::kUndecided;
}

absl::Status TenantKeys::CheckMaster() {
  return db_.Read(Caller::System("*"), "master_key_checks.judge",
                  [&](pg::Transaction& tx) -> absl::Status {
                    return Judge(tx) == Master::kWrong ? WrongMasterKey() : absl::OkStatus();
                  });
}

absl::Status TenantKeys::RequireMaster() {
  if (master_is_right_) return absl::OkStatus();
  absl::Status right =
      db_.Write(Caller::System("*"), "master_key_checks.require", [&](pg::WriteTransaction& tx) {
        Master master = Judge(tx);
        if (master == Master::kUndecided) {
          const std::string check = WrapKey(master_, Key::Random(), kMasterKeyCheckContext);
          store_.InsertMasterKeyCheck(tx, check);
          master = Judge(tx);  // another process may have been first
        }
        return master == Master::kRight ? absl::OkStatus() : WrongMasterKey();
      });
  if (right.ok()) master_is_right_ = true;
  if (!absl::IsFailedPrecondition(right)) return right;
  if (!told_.exchange(true)) {
    log::Error("wrong master key", {{"error", std::string(right.message())}});
  }
  return error::Unavailable(error::CommonReason::DEPENDENCY_UNAVAILABLE,
                            "The e-file cannot use its keys; its operator has to see to that.",
                            absl::Seconds(10));
}

absl::StatusOr<std::string> TenantKeys::NewTenantKey(const std::string& tenant) {
  absl::Status right = RequireMaster();
  if (!right.ok()) return right;
  return WrapKey(master_, Key::Random(), TenantKeyContext(tenant, 1));
}

void TenantKeys::CreateIn(pg::WriteTransaction& tx, const std::string& wrapped) const {
  store_.InsertFirst(tx, tx.caller().tenant, wrapped);
}

absl::StatusOr<NewDataKey> TenantKeys::NewContentKey(const Caller& caller,
                                                     const std::string& content_id) {
  absl::StatusOr<Versioned> tenant_key = Newest(caller);
  if (!tenant_key.ok()) return tenant_key.status();
  Key key = Key::Random();
  std::string wrapped = WrapKey(tenant_key->key, key, DataKeyContext(caller.tenant, content_id));
  return NewDataKey{key, {std::move(wrapped), tenant_key->version}};
}

absl::StatusOr<Key> TenantKeys::Open(const Caller& caller, const std::string& content_id,
                                     const WrappedDataKey& stored) {
  absl::StatusOr<Key> tenant_key = Get(caller, stored.key_version);
  if (!tenant_key.ok()) return tenant_key.status();
  return UnwrapKey(*tenant_key, stored.wrapped, DataKeyContext(caller.tenant, content_id));
}

absl::StatusOr<TenantKeys::Versioned> TenantKeys::Newest(const Caller& caller) {
  {
    absl::MutexLock lock(&mutex_);
    auto newest = newest_.find(caller.tenant);
    if (newest != newest_.end()) {
      return Versioned{newest->second, opened_.at({caller.tenant, newest->second})};
    }
  }
  auto row = db_.Read(caller, "tenant_keys.newest",
                      [&](pg::Transaction& tx) -> absl::StatusOr<WrappedTenantKey> {
                        auto found = store_.Newest(tx, caller.tenant);
                        if (found) return *found;
                        return error::FailedPrecondition(
                            "TENANT_NOT_PROVISIONED",
                            "The tenant has not ordered the e-file: order it in the catalog.");
                      });
  if (!row.ok()) return row.status();
  absl::StatusOr<Key> key = OpenAndKeep(*row);
  if (!key.ok()) return key.status();
  absl::MutexLock lock(&mutex_);
  newest_[caller.tenant] = row->version;
  return Versioned{row->version, *key};
}

absl::StatusOr<Key> TenantKeys::Get(const Caller& caller, int version) {
  {
    absl::MutexLock lock(&mutex_);
    auto opened = opened_.find({caller.tenant, version});
    if (opened != opened_.end()) return opened->second;
  }
  auto row = db_.Read(caller, "tenant_keys.get",
                      [&](pg::Transaction& tx) -> absl::StatusOr<WrappedTenantKey> {
                        auto found = store_.Get(tx, caller.tenant, version);
                        if (found) return *found;
                        return ContentDamaged("The tenant's key is missing.");
                      });
  if (!row.ok()) return row.status();
  return OpenAndKeep(*row);
}

absl::StatusOr<Key> TenantKeys::OpenAndKeep(const WrappedTenantKey& row) {
  absl::Status right = RequireMaster();
  if (!right.ok()) return right;
  absl::StatusOr<Key> key =
      UnwrapKey(master_, row.wrapped, TenantKeyContext(row.tenant, row.version));
  if (!key.ok()) return key;
  absl::MutexLock lock(&mutex_);
  opened_.insert({{row.tenant, row.version}, *key});
  return key;
}

}  // namespace sockel::efile
