#include "services/identity/bootstrap/bootstrap.h"

#include "absl/strings/str_cat.h"
#include "common/auth/roles.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "services/identity/names/names.h"
#include "services/identity/passwords/password_policy.h"
#include "services/identity/role_bindings/role_binding_store.h"
#include "services/identity/service_accounts/service_account_store.h"
#include "services/identity/sign_in/sign_in_store.h"
#include "services/identity/tenants/tenant_store.h"
#include "services/identity/users/user_store.h"
#include "services/identity/users/users.h"

namespace sockel::identity {
namespace {

const std::string kProvider(auth::kProviderTenant);

Caller InProvider() {
  Caller caller = Caller::System(kProvider);
  caller.permission = "identity.installation.bootstrap";
  return caller;
}

void Record(pg::WriteTransaction& tx, const std::string& resource, const char* event) {
  ledger::Append(tx, {.resource = resource});
  events::Emit(tx, {.type = event, .resource = resource});
}

void Bind(pg::WriteTransaction& tx, PrincipalName::Kind kind, const std::string& id,
          const std::string& role) {
  auto inserted =
      role_binding_store::Insert(tx, ids::NewUuidV7(tx.time()), {kProvider, kind, id}, role);
  if (inserted.binding.has_value()) {
    Record(tx, inserted.binding->name(), "identity.roleBinding.created");
  }
}

std::vector<std::string> RolesOfService(const std::string& service) {
  if (service == "catalog") return {"service", "provisioner"};
  return {"service"};
}

// What came of a key that the service's account, which is locked, shall have.
std::string AddKey(pg::WriteTransaction& tx, const std::string& service, const PublicKey& key) {
  auto account = service_account_store::Find(tx, service);
  for (const auto& there : account->keys()) {
    if (there.key_id() == key.id) return " there already";
  }
  if (service_account_store::WasRemoved(tx, service, key.id)) {
    return " not registered: it was removed, make a new one";
  }
  service_account_store::InsertKey(tx, service, key.id, key.jwk, std::nullopt);
  Record(tx, ServiceAccountName(kProvider, service), "identity.serviceAccount.keyAdded");
  return " registered";
}

// The user's id; made when nobody has the login.
std::string FindOrMakeUser(pg::WriteTransaction& tx, const std::string& login) {
  auto known = user_store::List(tx, "", login, 1);
  if (!known.empty()) return Segment(known[0].name(), 3);
  v1::User values;
  values.set_login(login);
  values.set_display_name("Operator");
  values.set_locale(kDefaultLocale);
  const std::string id = ids::NewUuidV7(tx.time());
  user_store::Insert(tx, id, values);
  Record(tx, UserName(kProvider, id), "identity.user.created");
  return id;
}

}  // namespace

absl::StatusOr<std::string> Bootstrap::MakeProvider() {
  return db_.Write(InProvider(), "bootstrap.provider",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<std::string> {
                     auto tenant =
                         tenant_store::Insert(tx, kProvider, "Provider", v1::Tenant::PROVIDER);
                     if (!tenant.has_value()) return "tenant provider: there already";
                     Record(tx, tenant->name(), "identity.tenant.created");
                     return "tenant provider: made";
                   });
}

absl::StatusOr<std::string> Bootstrap::MakeSigningKey() {
  auto made = signing_keys_.CreateFirst(InProvider());
  if (!made.ok()) return made.status();
  return *made ? "first signing key: made" : "first signing key: there already";
}

absl::StatusOr<std::string> Bootstrap::ReplaceSigningKeys() {
  auto ended = signing_keys_.ReplaceSealedByOther(InProvider());
  if (!ended.ok()) return ended.status();
  if (*ended == 0) return "signing keys: all open with this master key, none replaced";
  return absl::StrCat("signing keys: ", *ended, " of another master key ended, a new one made");
}

absl::StatusOr<bool> Bootstrap::HasPassword(const std::string& login) {
  return db_.Read(InProvider(), "bootstrap.find_operator",
                  [&](pg::Transaction& tx) -> absl::StatusOr<bool> {
                    auto users = user_store::List(tx, "", login, 1);
                    return !users.empty() && users[0].activated();
                  });
}

absl::StatusOr<std::string> Bootstrap::MakeOperator(const std::string& login,
                                                    const std::string& password) {
  auto normal = CheckNewPassword(password, login);
  if (!normal.ok()) return normal.status();
  auto hash = hasher_.Hash(*normal);
  if (!hash.ok()) return hash.status();
  return db_.Write(InProvider(), "bootstrap.operator",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<std::string> {
                     const std::string id = FindOrMakeUser(tx, login);
                     for (const char* role : {"operator", "tenant-admin"}) {
                       Bind(tx, PrincipalName::Kind::kUser, id, role);
                     }
                     sign_in_store::SetPasswordHash(tx, id, *hash);
                     Record(tx, UserName(kProvider, id), "identity.user.activated");
                     return absl::StrCat("operator ", login, ": made, as ",
                                         UserName(kProvider, id));
                   });
}

absl::StatusOr<std::string> Bootstrap::MakeServiceAccount(const std::string& service,
                                                          const PublicKey& key) {
  return db_.Write(
      InProvider(), "bootstrap.service_account",
      [&](pg::WriteTransaction& tx) -> absl::StatusOr<std::string> {
        using service_account_store::Insertion;
        const std::string name = ServiceAccountName(kProvider, service);
        const bool made = service_account_store::Insert(
                              tx, service, absl::StrCat("Sockel ", service)) == Insertion::kDone;
        if (made) Record(tx, name, "identity.serviceAccount.created");
        service_account_store::Lock(tx, service);  // against a removal of the key meanwhile
        for (const std::string& role : RolesOfService(service)) {
          Bind(tx, PrincipalName::Kind::kServiceAccount, service, role);
        }
        return absl::StrCat("service account ", service, ": ", made ? "made" : "there already",
                            ", key ", key.id, AddKey(tx, service, key));
      });
}

absl::StatusOr<std::string> Bootstrap::RemoveServiceAccountKey(const std::string& service,
                                                               const std::string& key_id) {
  return db_.Write(InProvider(), "bootstrap.remove_service_account_key",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<std::string> {
                     const std::string what =
                         absl::StrCat("service account ", service, ": key ", key_id);
                     revoker_.Begin(tx);
                     if (!service_account_store::Lock(tx, service) ||
                         !service_account_store::DeleteKey(tx, service, key_id)) {
                       return absl::StrCat(what, " is not there");
                     }
                     const std::string name = ServiceAccountName(kProvider, service);
                     service_account_store::Touch(tx, service);
                     revoker_.Revoke(tx, name);
                     Record(tx, name, "identity.serviceAccount.keyRemoved");
                     return absl::StrCat(what, " removed");
                   });
}

}  // namespace sockel::identity
