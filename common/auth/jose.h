#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct _cjose_jwk_int;

// Signed JSON (RFC 7515, 7517, 7519) with the one algorithm this suite uses:
// ES256. The algorithm is fixed by the code, never read from a token
// (RFC 8725, section 3.1).
namespace sockel::auth {

// Longest compact JWT that is looked at.
inline constexpr size_t kMaxTokenBytes = 8 * 1024;

// A P-256 key pair, or only its public half. Immutable and thread-safe; a
// copy shares the key.
class Key {
 public:
  static absl::StatusOr<Key> Generate();

  // Reads a private JWK (members kty, crv, x, y, d).
  // INVALID_ARGUMENT: not JSON, not a P-256 key, point not on the curve, no `d`.
  static absl::StatusOr<Key> FromPrivateJson(std::string_view jwk);

  // Reads a public JWK. INVALID_ARGUMENT as above, and when the JWK carries a
  // private member: whoever sent it gave their secret away.
  static absl::StatusOr<Key> FromPublicJson(std::string_view jwk);

  // RFC 7638 thumbprint, 43 characters. A `kid` member in the JWK is ignored:
  // the name of a key follows from the key.
  const std::string& id() const { return id_; }
  bool has_private() const { return has_private_; }

  // JWK with kid, alg and use.
  std::string ToPublicJson() const;
  // FAILED_PRECONDITION without a private half.
  absl::StatusOr<std::string> ToPrivateJson() const;

  const _cjose_jwk_int* handle() const { return jwk_.get(); }

 private:
  Key(std::shared_ptr<_cjose_jwk_int> jwk, std::string id, bool has_private);
  static absl::StatusOr<Key> Wrap(_cjose_jwk_int* jwk, bool has_private);

  std::shared_ptr<_cjose_jwk_int> jwk_;
  std::string id_;
  bool has_private_;
};

// `typ` of the JWTs: one kind is never taken for another (RFC 8725, 3.11).
inline constexpr std::string_view kAccessTokenType = "at+jwt";       // RFC 9068
inline constexpr std::string_view kAssertionType = "assertion+jwt";  // see assertion.h

// Signs `claims`; header: alg ES256, `type`, kid. FAILED_PRECONDITION without a
// private half.
absl::StatusOr<std::string> SignJwt(const Key& key, std::string_view type,
                                    const nlohmann::json& claims);

// What a JWT says before anything is verified: only to find the key.
struct UnverifiedJwt {
  std::string key_id;     // empty when the header has none
  std::string type;       // lower case, without `application/`; may be empty
  nlohmann::json claims;  // an object
};

// INVALID_ARGUMENT when it is no compact JWT, longer than kMaxTokenBytes, with
// another algorithm than ES256, or with a critical header (`crit`).
absl::StatusOr<UnverifiedJwt> ReadUnverified(std::string_view compact);

// The claims, if `key` signed the token; else INVALID_ARGUMENT. Checks all
// that ReadUnverified does.
absl::StatusOr<nlohmann::json> VerifySignature(std::string_view compact, const Key& key);

}  // namespace sockel::auth
