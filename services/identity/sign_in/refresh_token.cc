#include "services/identity/sign_in/refresh_token.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/ids/ids.h"
#include "services/identity/names/names.h"
#include "services/identity/secrets/master_key.h"

namespace sockel::identity {
namespace {
constexpr size_t kSecretBytes = 32;
// More than any session lives to see; from here on counting could overflow.
constexpr int kMostGenerations = 1'000'000'000;
}  // namespace

RefreshToken RefreshToken::First(std::string tenant, std::string session) {
  return {std::move(tenant), std::move(session), 1, ids::RandomBytes(kSecretBytes)};
}

std::optional<RefreshToken> RefreshToken::Parse(std::string_view text) {
  const std::vector<std::string> parts =
      absl::StrSplit(absl::string_view(text.data(), text.size()), '.');
  RefreshToken token;
  if (parts.size() != 4 || !IsTenantCode(parts[0]) || !ids::IsUuid(parts[1]) ||
      !absl::SimpleAtoi(parts[2], &token.generation) || token.generation < 1 ||
      token.generation >= kMostGenerations) {
    return std::nullopt;
  }
  auto secret = ids::FromBase64Url(parts[3]);
  if (!secret.has_value() || secret->size() != kSecretBytes) return std::nullopt;
  token.tenant = parts[0];
  token.session = parts[1];
  token.secret = *std::move(secret);
  return token;
}

std::string RefreshToken::ToText() const {
  return absl::StrCat(tenant, ".", session, ".", generation, ".", ids::ToBase64Url(secret));
}

std::string RefreshToken::Hash() const { return Sha256(secret); }

RefreshToken RefreshToken::Successor(std::string_view key) const {
  RefreshToken next = *this;
  next.generation = generation + 1;
  next.secret =
      HmacSha256(key, absl::StrCat(tenant, "\n", session, "\n", next.generation, "\n", secret));
  return next;
}

}  // namespace sockel::identity
