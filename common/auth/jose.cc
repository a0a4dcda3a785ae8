#include "common/auth/jose.h"

#include <cjose/cjose.h>
#include <openssl/sha.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace sockel::auth {
namespace {

using nlohmann::json;

constexpr size_t kMaxJwkBytes = 4096;

using JwsPtr = std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)>;
using HeaderPtr = std::unique_ptr<cjose_header_t, decltype(&cjose_header_release)>;

absl::Status Invalid(const char* what) { return absl::InvalidArgumentError(what); }

// Takes over a string that cjose allocated; empty when null.
std::string TakeString(char* text) {
  if (text == nullptr) return "";
  std::string copy(text);
  cjose_get_dealloc()(text);
  return copy;
}

// RFC 7638: the required members in lexicographic order, no white space.
std::string Thumbprint(const json& jwk) {
  const std::string canonical = R"({"crv":"P-256","kty":"EC","x":")" + jwk.value("x", "") +
                                R"(","y":")" + jwk.value("y", "") + R"("})";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(canonical.data()), canonical.size(), digest);
  return absl::WebSafeBase64Escape(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

// The members are strings and name a P-256 key.
absl::StatusOr<json> ParseJwk(std::string_view text) {
  if (text.size() > kMaxJwkBytes) return Invalid("the JWK is longer than 4096 bytes");
  json jwk = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!jwk.is_object()) return Invalid("a JWK is a JSON object");
  for (const char* member : {"kty", "crv", "x", "y"}) {
    if (!jwk.contains(member) || !jwk[member].is_string()) {
      return Invalid("the JWK needs the text members kty, crv, x and y");
    }
  }
  if (jwk["kty"] != "EC" || jwk["crv"] != "P-256") {
    return Invalid("the key must be of kty EC and crv P-256");
  }
  return jwk;
}

// Only the members that make the key: what else a JWK carries is ignored.
cjose_jwk_t* Import(const json& jwk, bool with_private) {
  json bare = {{"kty", "EC"}, {"crv", "P-256"}, {"x", jwk["x"]}, {"y", jwk["y"]}};
  if (with_private) bare["d"] = jwk["d"];
  const std::string text = bare.dump();
  cjose_err error;
  return cjose_jwk_import(text.data(), text.size(), &error);
}

// An ES256 signature is 64 bytes: 86 characters, whose last carries two bits.
// cjose would take longer ones for the same signature.
bool LooksLikeSignature(std::string_view part) {
  return part.size() == 86 && std::string_view("AQgw").find(part.back()) != std::string_view::npos;
}

// Three non-empty parts of base64url, nothing else: what one reader skips must
// not mean something to another.
bool LooksCompact(std::string_view compact) {
  int dots = 0;
  char previous = '.';
  for (char c : compact) {
    if (c == '.') {
      if (previous == '.') return false;
      ++dots;
    } else if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_') {
      return false;
    }
    previous = c;
  }
  return dots == 2 && LooksLikeSignature(compact.substr(compact.rfind('.') + 1));
}

// RFC 7515, 4.1.9: case does not matter and `application/` may be left out.
std::string NormalType(std::string type) {
  absl::AsciiStrToLower(&type);
  constexpr std::string_view kPrefix = "application/";
  if (type.compare(0, kPrefix.size(), kPrefix) == 0) type.erase(0, kPrefix.size());
  return type;
}

std::string Text(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

struct Imported {
  JwsPtr jws;
  json header;
};

absl::StatusOr<json> ReadHeader(std::string_view compact) {
  const std::string_view part = compact.substr(0, compact.find('.'));
  std::string text;
  if (!absl::WebSafeBase64Unescape(absl::string_view(part.data(), part.size()), &text)) {
    return Invalid("the header is not base64url");
  }
  json header = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) return Invalid("the header is not a JSON object");
  if (Text(header, "alg") != CJOSE_HDR_ALG_ES256) return Invalid("the algorithm must be ES256");
  if (header.contains("crit")) return Invalid("critical header parameters are not supported");
  return header;
}

absl::StatusOr<Imported> ImportJws(std::string_view compact) {
  if (compact.size() > kMaxTokenBytes) return Invalid("the token is longer than 8192 bytes");
  if (!LooksCompact(compact)) return Invalid("not a compact JWS with an ES256 signature");
  absl::StatusOr<json> header = ReadHeader(compact);
  if (!header.ok()) return header.status();
  cjose_err error;
  JwsPtr jws(cjose_jws_import(compact.data(), compact.size(), &error), &cjose_jws_release);
  if (jws == nullptr) return Invalid("not a JWS");
  // cjose goes by its own reading of the header.
  const char* algorithm = cjose_header_get(cjose_jws_get_protected(jws.get()), "alg", &error);
  if (algorithm == nullptr || std::string_view(algorithm) != CJOSE_HDR_ALG_ES256) {
    return Invalid("the algorithm must be ES256");
  }
  return Imported{std::move(jws), *std::move(header)};
}

absl::StatusOr<json> Payload(const cjose_jws_t* jws) {
  uint8_t* bytes = nullptr;
  size_t size = 0;
  cjose_err error;
  if (!cjose_jws_get_plaintext(jws, &bytes, &size, &error)) return Invalid("no payload");
  json claims = json::parse(bytes, bytes + size, nullptr, /*allow_exceptions=*/false);
  if (!claims.is_object()) return Invalid("the claims are not a JSON object");
  return claims;
}

}  // namespace

Key::Key(std::shared_ptr<_cjose_jwk_int> jwk, std::string id, bool has_private)
    : jwk_(std::move(jwk)), id_(std::move(id)), has_private_(has_private) {}

absl::StatusOr<Key> Key::Wrap(_cjose_jwk_int* jwk, bool has_private) {
  if (jwk == nullptr) return Invalid("not a point on the curve P-256");
  std::shared_ptr<_cjose_jwk_int> owned(jwk, [](_cjose_jwk_int* key) { cjose_jwk_release(key); });
  cjose_err error;
  const json public_jwk = json::parse(TakeString(cjose_jwk_to_json(jwk, false, &error)), nullptr,
                                      /*allow_exceptions=*/false);
  if (!public_jwk.is_object()) return absl::InternalError("cjose: cannot export the key");
  std::string id = Thumbprint(public_jwk);
  if (!cjose_jwk_set_kid(jwk, id.data(), id.size(), &error)) {
    return absl::InternalError("cjose: cannot name the key");
  }
  return Key(std::move(owned), std::move(id), has_private);
}

absl::StatusOr<Key> Key::Generate() {
  cjose_err error;
  cjose_jwk_t* jwk = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error);
  if (jwk == nullptr) return absl::InternalError("cjose: cannot make a key");
  return Wrap(jwk, true);
}

absl::StatusOr<Key> Key::FromPrivateJson(std::string_view text) {
  absl::StatusOr<json> jwk = ParseJwk(text);
  if (!jwk.ok()) return jwk.status();
  if (!jwk->contains("d") || !(*jwk)["d"].is_string()) {
    return Invalid("the JWK has no private member `d`");
  }
  absl::StatusOr<Key> key = Wrap(Import(*jwk, true), true);
  if (!key.ok()) return key;
  // cjose computes the public half from `d` and does not look at x and y.
  if (key->id() != Thumbprint(*jwk)) {
    return Invalid("the private and the public members do not belong together");
  }
  return key;
}

absl::StatusOr<Key> Key::FromPublicJson(std::string_view text) {
  absl::StatusOr<json> jwk = ParseJwk(text);
  if (!jwk.ok()) return jwk.status();
  for (const char* member : {"d", "k", "p", "q", "dp", "dq", "qi", "oth"}) {
    if (jwk->contains(member)) {
      return Invalid("the JWK holds a private key: make a new pair and send its public half");
    }
  }
  return Wrap(Import(*jwk, false), false);
}

std::string Key::ToPublicJson() const {
  cjose_err error;
  json jwk = json::parse(TakeString(cjose_jwk_to_json(jwk_.get(), false, &error)), nullptr, false);
  jwk["kid"] = id_;
  jwk["alg"] = "ES256";
  jwk["use"] = "sig";
  return jwk.dump();
}

absl::StatusOr<std::string> Key::ToPrivateJson() const {
  if (!has_private_) return absl::FailedPreconditionError("the key has no private half");
  cjose_err error;
  json jwk = json::parse(TakeString(cjose_jwk_to_json(jwk_.get(), true, &error)), nullptr, false);
  if (!jwk.is_object()) return absl::InternalError("cjose: cannot export the key");
  jwk["kid"] = id_;
  return jwk.dump();
}

absl::StatusOr<std::string> SignJwt(const Key& key, std::string_view type, const json& claims) {
  if (!key.has_private()) return absl::FailedPreconditionError("the key has no private half");
  cjose_err error;
  HeaderPtr header(cjose_header_new(&error), &cjose_header_release);
  const std::string type_text(type);
  if (header == nullptr ||
      !cjose_header_set(header.get(), CJOSE_HDR_ALG, CJOSE_HDR_ALG_ES256, &error) ||
      !cjose_header_set(header.get(), CJOSE_HDR_KID, key.id().c_str(), &error) ||
      !cjose_header_set(header.get(), "typ", type_text.c_str(), &error)) {
    return absl::InternalError("cjose: cannot make a header");
  }
  const std::string payload = claims.dump(-1, ' ', false, json::error_handler_t::replace);
  JwsPtr jws(
      cjose_jws_sign(key.handle(), header.get(), reinterpret_cast<const uint8_t*>(payload.data()),
                     payload.size(), &error),
      &cjose_jws_release);
  const char* compact = nullptr;  // belongs to jws
  if (jws == nullptr || !cjose_jws_export(jws.get(), &compact, &error)) {
    return absl::InternalError("cjose: cannot sign");
  }
  return std::string(compact);
}

absl::StatusOr<UnverifiedJwt> ReadUnverified(std::string_view compact) {
  absl::StatusOr<Imported> token = ImportJws(compact);
  if (!token.ok()) return token.status();
  absl::StatusOr<json> claims = Payload(token->jws.get());
  if (!claims.ok()) return claims.status();
  return UnverifiedJwt{Text(token->header, "kid"), NormalType(Text(token->header, "typ")),
                       *std::move(claims)};
}

absl::StatusOr<json> VerifySignature(std::string_view compact, const Key& key) {
  absl::StatusOr<Imported> token = ImportJws(compact);
  if (!token.ok()) return token.status();
  cjose_err error;
  if (!cjose_jws_verify(token->jws.get(), key.handle(), &error)) {
    return Invalid("the signature is not by this key");
  }
  return Payload(token->jws.get());
}

}  // namespace sockel::auth
