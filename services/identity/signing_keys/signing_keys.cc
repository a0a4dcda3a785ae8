#include "services/identity/signing_keys/signing_keys.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/auth/jwks.h"
#include "common/auth/roles.h"
#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "services/identity/signing_keys/signing_key_store.h"

namespace sockel::identity {
namespace {

std::string ResourceOf(const std::string& key_id) {
  return absl::StrCat("tenants/", std::string(auth::kProviderTenant), "/signingKeys/", key_id);
}

std::string ContextOf(const std::string& key_id) { return absl::StrCat("signing key ", key_id); }

absl::Status WrongMasterKey(const std::string& key_id) {
  return absl::FailedPreconditionError(absl::StrCat(
      "identity.master_key_file: signing key ", key_id, " in the database does not open with this ",
      "master key. Put back from its safe copy the one that it was sealed with, and start again; ",
      "only if that is lost for good: `sockel-identity bootstrap --replace-signing-keys`."));
}

}  // namespace

absl::StatusOr<SigningKeys::Loaded> SigningKeys::Open(const signing_key_store::Row& row) const {
  auto jwk = vault_.Open(row.sealed_jwk, ContextOf(row.key_id));
  if (!jwk.ok()) return WrongMasterKey(row.key_id);
  auto key = auth::Key::FromPrivateJson(*jwk);
  if (!key.ok()) return error::Internal(absl::StrCat("signing key ", row.key_id, " is no key"));
  return Loaded{*key, row.sign_time, row.expire_time.value_or(absl::InfiniteFuture())};
}

absl::StatusOr<std::vector<SigningKeys::Loaded>> SigningKeys::OpenAll(
    const std::vector<signing_key_store::Row>& rows) const {
  std::vector<Loaded> keys;
  for (const signing_key_store::Row& row : rows) {
    auto key = Open(row);
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  return keys;
}

absl::StatusOr<std::vector<SigningKeys::Loaded>> SigningKeys::ReadLive() const {
  auto rows =
      db_.Read(Caller::System(std::string(auth::kProviderTenant)), "signing_keys.load",
               [&](pg::Transaction& tx) -> absl::StatusOr<std::vector<signing_key_store::Row>> {
                 return signing_key_store::ListLive(tx, clock_.Now());
               });
  if (!rows.ok()) return rows.status();
  return OpenAll(*rows);
}

absl::Status SigningKeys::Load() {
  auto loaded = ReadLive();
  if (!loaded.ok()) return loaded.status();
  std::vector<auth::Key> published;
  for (const Loaded& key : *loaded) published.push_back(key.key);
  published_.Set(published);
  absl::MutexLock lock(&mutex_);
  keys_ = *std::move(loaded);
  jwks_until_ = absl::InfinitePast();
  return absl::OkStatus();
}

absl::StatusOr<auth::Key> SigningKeys::Current(absl::Time now) const {
  absl::MutexLock lock(&mutex_);
  for (auto key = keys_.rbegin(); key != keys_.rend(); ++key) {
    if (key->sign_time <= now && now < key->expire_time) return key->key;
  }
  return error::Unavailable(error::CommonReason::DEPENDENCY_UNAVAILABLE,
                            "There is no signing key yet.", absl::Seconds(1));
}

absl::StatusOr<v1::GetJwksResponse> SigningKeys::GetJwks(const Caller&, const v1::GetJwksRequest&) {
  const absl::Time now = clock_.Now();
  v1::GetJwksResponse response;
  absl::MutexLock lock(&mutex_);
  if (now >= jwks_until_) MakeJwks(now);
  if (jwks_.empty()) {
    return error::Unavailable(error::CommonReason::DEPENDENCY_UNAVAILABLE,
                              "There is no signing key yet.", absl::Seconds(1));
  }
  response.set_jwks(jwks_);
  return response;
}

void SigningKeys::MakeJwks(absl::Time now) {
  std::vector<auth::Key> keys;
  jwks_until_ = absl::InfiniteFuture();
  for (const Loaded& key : keys_) {
    if (now >= key.expire_time) continue;
    keys.push_back(key.key);
    jwks_until_ = std::min(jwks_until_, key.expire_time);
  }
  jwks_ = keys.empty() ? std::string() : auth::ToJwks(keys);
}

absl::StatusOr<SigningKeys::Loaded> SigningKeys::Make(pg::WriteTransaction& tx,
                                                      absl::Time sign_time) const {
  auto key = auth::Key::Generate();
  if (!key.ok()) return key.status();
  auto jwk = key->ToPrivateJson();
  if (!jwk.ok()) return jwk.status();
  auto sealed = vault_.Seal(*jwk, ContextOf(key->id()));
  if (!sealed.ok()) return sealed.status();
  signing_key_store::Insert(tx, {key->id(), *sealed, sign_time, std::nullopt});
  ledger::Append(tx, {.resource = ResourceOf(key->id())});
  events::Emit(tx, {.type = "identity.signingKey.created", .resource = ResourceOf(key->id())});
  return Loaded{*key, sign_time, absl::InfiniteFuture()};
}

absl::StatusOr<v1::RotateSigningKeyResponse> SigningKeys::Rotate(
    const Caller& caller, const v1::RotateSigningKeyRequest&) {
  auto response =
      db_.Write(caller, "signing_keys.rotate",
                [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::RotateSigningKeyResponse> {
                  const absl::Time sign_time = tx.time() + options_.publication;
                  signing_key_store::DeleteExpired(tx, tx.time());
                  signing_key_store::RetireAll(tx, sign_time + options_.retirement);
                  auto made = Make(tx, sign_time);
                  if (!made.ok()) return made.status();
                  v1::RotateSigningKeyResponse rotated;
                  rotated.set_key_id(made->key.id());
                  *rotated.mutable_sign_time() = ToTimestamp(sign_time);
                  return rotated;
                });
  // Publish here at once; the others are woken by the notification.
  if (response.ok()) Load().IgnoreError();
  return response;
}

absl::StatusOr<bool> SigningKeys::CreateFirst(const Caller& caller) {
  return db_.Write(caller, "signing_keys.create_first",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<bool> {
                     auto there = OpenAll(signing_key_store::ListLive(tx, tx.time()));
                     if (!there.ok()) return there.status();
                     if (!there->empty()) return false;
                     auto made = Make(tx, tx.time());
                     if (!made.ok()) return made.status();
                     return true;
                   });
}

absl::StatusOr<int> SigningKeys::ReplaceSealedByOther(const Caller& caller) {
  return db_.Write(
      caller, "signing_keys.replace", [&](pg::WriteTransaction& tx) -> absl::StatusOr<int> {
        std::vector<std::string> lost;
        for (const signing_key_store::Row& row : signing_key_store::ListLive(tx, tx.time())) {
          if (!Open(row).ok()) lost.push_back(row.key_id);
        }
        if (lost.empty()) return 0;
        signing_key_store::Retire(tx, lost, tx.time());
        for (const std::string& key_id : lost) {
          ledger::Append(tx, {.resource = ResourceOf(key_id), .details = {{"state", "RETIRED"}}});
        }
        auto made = Make(tx, tx.time());
        if (!made.ok()) return made.status();
        return static_cast<int>(lost.size());
      });
}

}  // namespace sockel::identity
