#pragma once

#include <vector>

#include "common/pg/migrate.h"
#include "common/rpc/runtime.h"

namespace sockel::identity {

// The tables of this service, after those of the common libraries.
std::vector<pg::Migration> Migrations();

// Identity as the runtime starts it, with the command `bootstrap`.
rpc::ServiceSpec Spec();

}  // namespace sockel::identity
