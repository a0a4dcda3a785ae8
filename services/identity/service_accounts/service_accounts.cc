#include "services/identity/service_accounts/service_accounts.h"

#include "absl/strings/str_cat.h"
#include "common/auth/jose.h"
#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "common/paging/page.h"
#include "services/identity/names/display_name.h"
#include "services/identity/names/names.h"
#include "services/identity/role_bindings/authority.h"
#include "services/identity/service_accounts/service_account_store.h"

namespace sockel::identity {
namespace {

struct NewKey {
  PublicKey key;
  std::optional<absl::Time> expire_time;
};

absl::StatusOr<NewKey> ReadKey(std::string_view field, const v1::ServiceAccount::Key& key) {
  auto read = ReadPublicKey(field, key.public_key_jwk());
  if (!read.ok()) return read.status();
  NewKey made{*std::move(read), std::nullopt};
  if (key.has_expire_time()) made.expire_time = FromTimestamp(key.expire_time());
  return made;
}

absl::Status KeyExists(const std::string& key_id) {
  return error::Make(absl::StatusCode::kAlreadyExists, "KEY_EXISTS",
                     "The service account has this key already.", {{"key_id", key_id}});
}

absl::Status KeyNotFound(const v1::RemoveServiceAccountKeyRequest& request) {
  return error::Make(absl::StatusCode::kNotFound, error::CommonReason::RESOURCE_NOT_FOUND,
                     absl::StrCat(request.name(), " has no key `", request.key_id(), "`"),
                     {{"resource", request.name()}, {"key_id", request.key_id()}});
}

// Locks the account for a change of its keys.
absl::Status LockKeys(pg::WriteTransaction& tx, const std::string& name) {
  const std::string id = Segment(name, 3);
  if (!service_account_store::Lock(tx, id)) return error::NotFound(name);
  return CheckMayActOn(tx, {tx.caller().tenant, PrincipalName::Kind::kServiceAccount, id});
}

void Record(pg::WriteTransaction& tx, const std::string& name, const char* event,
            const std::string& key_id) {
  ledger::Record record{.resource = name};
  if (!key_id.empty()) record.details["key_id"] = key_id;
  ledger::Append(tx, record);
  events::Emit(tx, {.type = event, .resource = name});
}

}  // namespace

absl::StatusOr<PublicKey> ReadPublicKey(std::string_view field, std::string_view jwk) {
  auto key = auth::Key::FromPublicJson(jwk);
  if (key.ok()) return PublicKey{key->id(), key->ToPublicJson()};
  const std::string name(field);
  absl::Status status = error::Make(
      absl::StatusCode::kInvalidArgument, "KEY_INVALID",
      absl::StrCat(name, " must be a public EC P-256 key as JWK, without private members."));
  error::AddFieldViolation(status, field,
                           "must be a public EC P-256 key as JWK, without private members");
  return status;
}

absl::StatusOr<v1::ServiceAccount> ServiceAccounts::Create(
    const Caller& caller, const v1::CreateServiceAccountRequest& request) {
  const v1::ServiceAccount& values = request.service_account();
  absl::Status status = CheckDisplayName("service_account.display_name", values.display_name());
  if (!status.ok()) return status;
  std::vector<NewKey> keys;
  for (const v1::ServiceAccount::Key& key : values.keys()) {
    auto read = ReadKey("service_account.keys.public_key_jwk", key);
    if (!read.ok()) return read.status();
    keys.push_back(*std::move(read));
  }
  const std::string name = ServiceAccountName(caller.tenant, request.service_account_id());
  return db_.Write(
      caller, "service_accounts.create",
      [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::ServiceAccount> {
        using service_account_store::Insertion;
        const std::string& id = request.service_account_id();
        const Insertion insertion = service_account_store::Insert(tx, id, values.display_name());
        if (insertion == Insertion::kNoTenant) return error::NotFound(request.parent());
        if (insertion == Insertion::kExists) return error::AlreadyExists(name);
        for (const NewKey& key : keys) {
          if (!service_account_store::InsertKey(tx, id, key.key.id, key.key.jwk, key.expire_time)) {
            return KeyExists(key.key.id);
          }
        }
        Record(tx, name, "identity.serviceAccount.created", "");
        return *service_account_store::Find(tx, id);
      });
}

absl::StatusOr<v1::ServiceAccount> ServiceAccounts::Get(
    const Caller& caller, const v1::GetServiceAccountRequest& request) {
  return db_.Read(caller, "service_accounts.get",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ServiceAccount> {
                    auto account = service_account_store::Find(tx, Segment(request.name(), 3));
                    if (!account.has_value()) return error::NotFound(request.name());
                    return *std::move(account);
                  });
}

absl::StatusOr<v1::ListServiceAccountsResponse> ServiceAccounts::List(
    const Caller& caller, const v1::ListServiceAccountsRequest& request) {
  auto after = pages_.Read(caller, request);
  if (!after.ok()) return after.status();
  const int limit = paging::PageSize(request.page_size());
  return db_.Read(
      caller, "service_accounts.list",
      [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListServiceAccountsResponse> {
        v1::ListServiceAccountsResponse response;
        auto& page = *response.mutable_service_accounts();
        paging::Rows<v1::ServiceAccount> found{service_account_store::List(tx, *after, limit + 1)};
        if (paging::Fill(std::move(found), limit, page)) {
          const std::string last = Segment(page.rbegin()->name(), 3);
          response.set_next_page_token(pages_.Make(caller, request, last));
        }
        return response;
      });
}

absl::StatusOr<v1::ServiceAccount> ServiceAccounts::AddKey(
    const Caller& caller, const v1::AddServiceAccountKeyRequest& request) {
  auto key = ReadKey("key.public_key_jwk", request.key());
  if (!key.ok()) return key.status();
  const std::string id = Segment(request.name(), 3);
  return db_.Write(caller, "service_accounts.add_key",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::ServiceAccount> {
                     absl::Status status = LockKeys(tx, request.name());
                     if (!status.ok()) return status;
                     if (!service_account_store::InsertKey(tx, id, key->key.id, key->key.jwk,
                                                           key->expire_time)) {
                       return KeyExists(key->key.id);
                     }
                     service_account_store::Touch(tx, id);
                     auto account = service_account_store::Find(tx, id);
                     if (account->keys_size() > kMostKeys) {
                       return error::FailedPrecondition(
                           "TOO_MANY_KEYS",
                           "The service account has 10 keys already; remove one first.");
                     }
                     Record(tx, account->name(), "identity.serviceAccount.keyAdded", key->key.id);
                     return *std::move(account);
                   });
}

absl::StatusOr<v1::ServiceAccount> ServiceAccounts::RemoveKey(
    const Caller& caller, const v1::RemoveServiceAccountKeyRequest& request) {
  const std::string id = Segment(request.name(), 3);
  return db_.Write(caller, "service_accounts.remove_key",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::ServiceAccount> {
                     revoker_.Begin(tx);
                     absl::Status status = LockKeys(tx, request.name());
                     if (!status.ok()) return status;
                     if (!service_account_store::DeleteKey(tx, id, request.key_id())) {
                       return KeyNotFound(request);
                     }
                     service_account_store::Touch(tx, id);
                     revoker_.Revoke(tx, request.name());
                     Record(tx, request.name(), "identity.serviceAccount.keyRemoved",
                            request.key_id());
                     return *service_account_store::Find(tx, id);
                   });
}

}  // namespace sockel::identity
