#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/pg/database.h"
#include "sockel/identity/v1/tenant.pb.h"

namespace sockel::identity::tenant_store {

// `etag` is the row's revision. Nothing when there is none.
std::optional<v1::Tenant> Find(pg::Transaction& tx, std::string_view tenant);
// The same, locked until the transaction ends.
std::optional<v1::Tenant> FindForUpdate(pg::WriteTransaction& tx, std::string_view tenant);
// Ordered by code, after `after`.
std::vector<v1::Tenant> List(pg::Transaction& tx, std::string_view after, int limit);

// Nothing when the code is taken.
std::optional<v1::Tenant> Insert(pg::WriteTransaction& tx, std::string_view tenant,
                                 std::string_view display_name, v1::Tenant::Kind kind);
// Writes display name and state. The row exists.
v1::Tenant Update(pg::WriteTransaction& tx, std::string_view tenant, const v1::Tenant& changed);
void Delete(pg::WriteTransaction& tx, std::string_view tenant);

}  // namespace sockel::identity::tenant_store
