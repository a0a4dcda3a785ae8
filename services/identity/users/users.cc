#include "services/identity/users/users.h"

#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "common/paging/page.h"
#include "services/identity/names/display_name.h"
#include "services/identity/names/names.h"
#include "services/identity/names/update_mask.h"
#include "services/identity/role_bindings/authority.h"
#include "services/identity/sign_in/session_store.h"
#include "services/identity/sign_in/sign_in_store.h"
#include "services/identity/tenants/tenant_store.h"
#include "services/identity/users/user_store.h"

namespace sockel::identity {
namespace {

using Fields = std::set<std::string, std::less<>>;

constexpr std::string_view kChangeable[] = {"display_name", "email_address", "locale"};

absl::Status LoginTaken(std::string_view login) {
  return error::Make(absl::StatusCode::kAlreadyExists, "LOGIN_TAKEN",
                     "Another user of the tenant has this login; choose another.",
                     {{"login", login}});
}

absl::StatusOr<v1::User> Locked(pg::WriteTransaction& tx, const std::string& name,
                                const std::string& etag) {
  auto user = user_store::FindForUpdate(tx, Segment(name, 3));
  if (!user.has_value()) return error::NotFound(name);
  if (auto status = error::CheckEtag(etag, user->etag(), name); !status.ok()) return status;
  return *std::move(user);
}

// The same, for who wants to stop the user or let him in again.
absl::StatusOr<v1::User> LockedToRule(pg::WriteTransaction& tx, const std::string& name,
                                      const std::string& etag) {
  auto user = Locked(tx, name, etag);
  if (!user.ok()) return user;
  absl::Status status =
      CheckMayActOn(tx, {tx.caller().tenant, PrincipalName::Kind::kUser, Segment(user->name(), 3)});
  if (!status.ok()) return status;
  return user;
}

absl::Status CheckValues(const v1::User& values, const Fields& fields) {
  if (fields.contains("display_name")) {
    absl::Status status = CheckDisplayName("user.display_name", values.display_name());
    if (!status.ok()) return status;
  }
  return fields.contains("email_address") ? CheckEmail("user.email_address", values.email_address())
                                          : absl::OkStatus();
}

void Record(pg::WriteTransaction& tx, const v1::User& user, const char* event) {
  ledger::Append(
      tx, {.resource = user.name(), .details = {{"state", v1::User::State_Name(user.state())}}});
  events::Emit(tx, {.type = event, .resource = user.name()});
}

void Apply(const v1::User& values, const Fields& fields, v1::User& user) {
  if (fields.contains("display_name")) user.set_display_name(values.display_name());
  if (fields.contains("email_address")) user.set_email_address(values.email_address());
  if (fields.contains("locale")) {
    user.set_locale(values.locale().empty() ? kDefaultLocale : values.locale());
  }
}

}  // namespace

absl::StatusOr<v1::User> Users::Create(const Caller& caller, const v1::CreateUserRequest& request) {
  absl::Status status = CheckValues(request.user(), {"display_name", "email_address"});
  if (!status.ok()) return status;
  v1::User values = request.user();
  if (values.locale().empty()) values.set_locale(kDefaultLocale);
  return db_.Write(caller, "users.create",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::User> {
                     auto inserted = user_store::Insert(tx, ids::NewUuidV7(tx.time()), values);
                     if (!inserted.tenant_exists) return error::NotFound(request.parent());
                     if (!inserted.user.has_value()) return LoginTaken(values.login());
                     Record(tx, *inserted.user, "identity.user.created");
                     return *std::move(inserted.user);
                   });
}

absl::StatusOr<v1::User> Users::Get(const Caller& caller, const v1::GetUserRequest& request) {
  return db_.Read(caller, "users.get", [&](pg::Transaction& tx) -> absl::StatusOr<v1::User> {
    auto user = user_store::Find(tx, Segment(request.name(), 3));
    if (!user.has_value()) return error::NotFound(request.name());
    return *std::move(user);
  });
}

absl::StatusOr<v1::ListUsersResponse> Users::List(const Caller& caller,
                                                  const v1::ListUsersRequest& request) {
  auto after = pages_.Read(caller, request);
  if (!after.ok()) return after.status();
  const int limit = paging::PageSize(request.page_size());
  return db_.Read(
      caller, "users.list", [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListUsersResponse> {
        v1::ListUsersResponse response;
        auto& page = *response.mutable_users();
        paging::Rows<v1::User> found{user_store::List(tx, *after, request.login(), limit + 1)};
        if (paging::Fill(std::move(found), limit, page)) {
          const std::string last = Segment(page.rbegin()->name(), 3);
          response.set_next_page_token(pages_.Make(caller, request, last));
        }
        return response;
      });
}

absl::StatusOr<v1::User> Users::Update(const Caller& caller, const v1::UpdateUserRequest& request) {
  auto fields = FieldsToUpdate(request.user(), request.update_mask(), kChangeable);
  if (!fields.ok()) return fields.status();
  if (absl::Status status = CheckValues(request.user(), *fields); !status.ok()) return status;
  return db_.Write(caller, "users.update",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::User> {
                     auto user = Locked(tx, request.user().name(), request.user().etag());
                     if (!user.ok() || fields->empty()) return user;
                     Apply(request.user(), *fields, *user);
                     v1::User changed = user_store::Update(tx, Segment(user->name(), 3), *user);
                     Record(tx, changed, "identity.user.updated");
                     return changed;
                   });
}

absl::StatusOr<v1::User> Users::Lock(const Caller& caller, const v1::LockUserRequest& request) {
  const std::string id = Segment(request.name(), 3);
  return db_.Write(caller, "users.lock", [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::User> {
    tenant_store::FindForUpdate(tx, tx.caller().tenant);
    auto user = LockedToRule(tx, request.name(), request.etag());
    if (!user.ok() || user->state() == v1::User::LOCKED) return user;
    if (absl::Status status = CheckNotLastAdmin(tx, id); !status.ok()) return status;
    user->set_state(v1::User::LOCKED);
    v1::User changed = user_store::Update(tx, id, *user);
    session_store::RevokeAll(tx, id);
    revoker_.Revoke(tx, changed.name());
    Record(tx, changed, "identity.user.locked");
    return changed;
  });
}

absl::StatusOr<v1::User> Users::Unlock(const Caller& caller, const v1::UnlockUserRequest& request) {
  return db_.Write(caller, "users.unlock",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::User> {
                     auto user = LockedToRule(tx, request.name(), request.etag());
                     if (!user.ok()) return user;
                     if (user->state() == v1::User::ACTIVE && user->failed_sign_in_count() == 0)
                       return user;
                     sign_in_store::ForgetFailures(tx, user->login());
                     user->set_state(v1::User::ACTIVE);
                     v1::User changed = user_store::Update(tx, Segment(user->name(), 3), *user);
                     // Update still saw the failures: they go at commit.
                     changed.set_failed_sign_in_count(0);
                     changed.clear_sign_in_blocked_until();
                     Record(tx, changed, "identity.user.unlocked");
                     return changed;
                   });
}

}  // namespace sockel::identity
