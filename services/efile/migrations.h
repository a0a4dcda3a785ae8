#pragma once

#include <vector>

#include "common/pg/migrate.h"

namespace sockel::efile {

// Every table the service needs: the common libraries' first, then its own.
std::vector<pg::Migration> AllMigrations();

}  // namespace sockel::efile
