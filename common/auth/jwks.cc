#include "common/auth/jwks.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace sockel::auth {

using nlohmann::json;

absl::StatusOr<std::vector<Key>> ParseJwks(std::string_view jwks) {
  const json set = json::parse(jwks, nullptr, /*allow_exceptions=*/false);
  if (!set.is_object() || !set.contains("keys") || !set["keys"].is_array()) {
    return absl::InvalidArgumentError("a JWK Set is an object with the array `keys`");
  }
  std::vector<Key> keys;
  for (const json& jwk : set["keys"]) {
    absl::StatusOr<Key> key = Key::FromPublicJson(jwk.dump());
    if (key.ok()) keys.push_back(*std::move(key));
  }
  if (keys.empty()) return absl::InvalidArgumentError("the JWK Set holds no usable key");
  return keys;
}

std::string ToJwks(const std::vector<Key>& keys) {
  json list = json::array();
  for (const Key& key : keys) list.push_back(json::parse(key.ToPublicJson()));
  return json{{"keys", list}}.dump();
}

}  // namespace sockel::auth
