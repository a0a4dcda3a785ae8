#pragma once

#include "common/rpc/runtime.h"

namespace sockel::notification {

// What the notification service is made of: for its own binary and for
// standalone.
rpc::ServiceSpec Spec();

// common, ledger and event tables, then the service's own.
std::vector<pg::Migration> Migrations();

}  // namespace sockel::notification
