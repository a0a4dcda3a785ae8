#include "common/auth/access_token.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"

namespace sockel::auth {
namespace {

using nlohmann::json;

absl::Status Invalid(std::string_view message) {
  return error::Make(absl::StatusCode::kUnauthenticated, error::CommonReason::TOKEN_INVALID,
                     message);
}

std::string Text(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_string()) return "";
  return found->get<std::string>();
}

std::vector<std::string> Texts(const json& claims, const char* name) {
  std::vector<std::string> texts;
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_array()) return texts;
  for (const json& item : *found) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

// A NumericDate within the years that absl and Timestamp can tell.
std::optional<absl::Time> Date(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number_integer()) return std::nullopt;
  constexpr int64_t kYear9999 = 253402300799;
  const auto seconds = found->get<int64_t>();
  if (seconds < 0 || seconds > kYear9999) return std::nullopt;
  return absl::FromUnixSeconds(seconds);
}

bool HasAudience(const json& claims, const std::string& audience) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  if (found->is_string()) return found->get<std::string>() == audience;
  const std::vector<std::string> all = Texts(claims, "aud");
  return std::find(all.begin(), all.end(), audience) != all.end();
}

// RFC 8693: `sub` is the user, `act.sub` the application that acts.
void ReadSubject(const json& claims, Principal& principal) {
  principal.subject = Text(claims, "sub");
  const auto act = claims.find("act");
  if (act == claims.end() || !act->is_object()) return;
  principal.on_behalf_of = principal.subject;
  principal.subject = Text(*act, "sub");
}

bool BelongsTo(const std::string& subject, const std::string& tenant) {
  const std::string prefix = absl::StrCat("tenants/", tenant, "/");
  return subject.size() > prefix.size() && subject.compare(0, prefix.size(), prefix) == 0;
}

// iat, exp, nbf and what follows from them.
absl::Status ReadTimes(const json& claims, absl::Time now, Claims& out) {
  const std::optional<absl::Time> issued = Date(claims, "iat");
  const std::optional<absl::Time> expires = Date(claims, "exp");
  if (!issued || !expires) return Invalid("the token does not say when it was made and ends");
  if (*expires + kLeeway <= now) {
    return error::Make(absl::StatusCode::kUnauthenticated, error::CommonReason::TOKEN_EXPIRED,
                       "the token has expired: get a new one");
  }
  const absl::Time valid_from = Date(claims, "nbf").value_or(*issued);
  if (std::max(*issued, valid_from) > now + kLeeway ||
      (claims.contains("nbf") && !Date(claims, "nbf"))) {
    return Invalid("the token is not valid yet: check the clocks");
  }
  out.principal.issue_time = *issued;
  // A finer time of the same second only.
  const auto fine = claims.find("iat_us");
  if (fine != claims.end() && fine->is_number_integer()) {
    const absl::Time micros = absl::FromUnixMicros(fine->get<int64_t>());
    if (micros >= *issued && micros < *issued + absl::Seconds(1)) out.principal.issue_time = micros;
  }
  out.principal.expire = *expires;
  out.authentication_time = Date(claims, "auth_time").value_or(out.principal.issue_time);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> SignAccessToken(const Key& key, const TokenAuthority& authority,
                                            const Claims& claims) {
  const Principal& principal = claims.principal;
  json body = {{"iss", authority.issuer},
               {"aud", authority.audience},
               {"tenant", principal.tenant},
               {"roles", principal.roles},
               {"jti", claims.token_id},
               {"amr", claims.authentication_methods},
               {"auth_time", absl::ToUnixSeconds(claims.authentication_time)},
               {"iat", absl::ToUnixSeconds(claims.principal.issue_time)},
               {"iat_us", absl::ToUnixMicros(claims.principal.issue_time)},
               {"exp", absl::ToUnixSeconds(principal.expire)}};
  if (!principal.session.empty()) body["sid"] = principal.session;
  if (principal.on_behalf_of.empty()) {
    body["sub"] = principal.subject;
  } else {
    body["sub"] = principal.on_behalf_of;
    body["act"] = {{"sub", principal.subject}};
  }
  return SignJwt(key, kAccessTokenType, body);
}

absl::StatusOr<Claims> ReadAccessClaims(const json& claims, const TokenAuthority& authority,
                                        absl::Time now) {
  if (Text(claims, "iss") != authority.issuer) return Invalid("the token is by another issuer");
  if (!HasAudience(claims, authority.audience)) {
    return Invalid("the token is for another audience");
  }
  Claims out;
  if (absl::Status status = ReadTimes(claims, now, out); !status.ok()) return status;
  Principal& principal = out.principal;
  principal.tenant = Text(claims, "tenant");
  ReadSubject(claims, principal);
  if (principal.tenant.empty() || !BelongsTo(principal.subject, principal.tenant)) {
    return Invalid("the token does not name a subject of its tenant");
  }
  principal.roles = Texts(claims, "roles");
  principal.session = Text(claims, "sid");
  out.token_id = Text(claims, "jti");
  out.authentication_methods = Texts(claims, "amr");
  return out;
}

}  // namespace sockel::auth
