#pragma once

#include "common/rpc/runtime.h"

namespace sockel::efile {

// The e-file as the runtime starts it.
rpc::ServiceSpec Spec();

}  // namespace sockel::efile
