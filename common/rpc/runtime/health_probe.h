#pragma once

#include "absl/status/status.h"
#include "common/rpc/runtime/settings.h"

namespace sockel::rpc {

// Asks the server that runs with these settings whether it serves; for probes
// of a container, which speak no TLS. UNAVAILABLE when it does not.
absl::Status ProbeHealth(const Settings& settings);

}  // namespace sockel::rpc
