#pragma once

#include <vector>

#include "common/pg/migrate.h"

namespace sockel::notification {

// The service's own tables.
std::vector<pg::Migration> OwnMigrations();

}  // namespace sockel::notification
