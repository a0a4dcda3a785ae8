#pragma once

#include "common/rpc/runtime.h"

namespace sockel::catalog {

// The tables of this service, after those of the common libraries.
std::vector<pg::Migration> Migrations();

// The catalog as the runtime starts it.
rpc::ServiceSpec Spec();

}  // namespace sockel::catalog
