#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/caller/caller.h"

namespace sockel::testing {

// A signed-in principal of `tenant`, working there. Subject
// `tenants/{tenant}/users/u1` unless given; method and permission are set to
// placeholders; no request_id, no deadline.
Caller MakeCaller(std::string_view tenant, std::string_view subject = "",
                  std::vector<std::string> roles = {"caseworker"});

// The same call with idempotency: a fresh request_id, and a hash of `content`.
Caller WithRequestId(Caller caller, std::string_view content = "content");

}  // namespace sockel::testing
