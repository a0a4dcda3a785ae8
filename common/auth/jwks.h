#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/jose.h"

namespace sockel::auth {

// The usable keys of a JWK Set (RFC 7517, section 5): others' kinds are skipped.
// INVALID_ARGUMENT when it is none or holds no usable key.
absl::StatusOr<std::vector<Key>> ParseJwks(std::string_view jwks);

// The JWK Set of these keys' public halves.
std::string ToJwks(const std::vector<Key>& keys);

}  // namespace sockel::auth
