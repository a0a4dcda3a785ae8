#include "services/efile/keys/tenant_keys.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "services/efile/content/gcm.h"

namespace sockel::efile {
namespace {

std::string TenantKeyContext(const std::string& tenant, int version) {
  return absl::StrCat("tenant key ", tenant, " ", version);
}

std::string DataKeyContext(const std::string& tenant, const std::string& content_id) {
  return absl::StrCat("data key ", tenant, " ", content_id);
}

}  // namespace

absl::Status TenantKeys::CreateIn(pg::WriteTransaction& tx) const {
  const std::string& tenant = tx.caller().tenant;
  store_.InsertFirst(tx, tenant, WrapKey(master_, Key::Random(), TenantKeyContext(tenant, 1)));
  return absl::OkStatus();
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
  absl::StatusOr<Key> key = OpenAndKeep(caller.tenant, *row);
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
  return OpenAndKeep(caller.tenant, *row);
}

absl::StatusOr<Key> TenantKeys::OpenAndKeep(const std::string& tenant,
                                            const WrappedTenantKey& row) {
  absl::StatusOr<Key> key = UnwrapKey(master_, row.wrapped, TenantKeyContext(tenant, row.version));
  if (!key.ok()) return key;
  absl::MutexLock lock(&mutex_);
  opened_.insert({{tenant, row.version}, *key});
  return key;
}

}  // namespace sockel::efile
