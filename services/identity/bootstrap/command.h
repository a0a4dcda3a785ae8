#pragma once

#include "common/rpc/runtime.h"

namespace sockel::identity {

// `sockel-identity bootstrap`: see README.md.
rpc::ServiceCommand BootstrapCommand();

}  // namespace sockel::identity
