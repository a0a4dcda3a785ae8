#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sockel::identity {

// A refresh token. The database knows only the hash of a session's current one.
//
// Each token's successor is an HMAC of it under a key of the server. Nobody
// without the key can make it; the server can make it again, which is how a
// retry gets the same successor, and how a token sent late is told from an
// invented one: its successors lead to the current one.
struct RefreshToken {
  std::string tenant;
  std::string session;
  // 1 for the first of a session.
  int generation = 1;
  std::string secret;  // 32 bytes

  static RefreshToken First(std::string tenant, std::string session);
  // Nothing when the text is no refresh token.
  static std::optional<RefreshToken> Parse(std::string_view text);

  std::string ToText() const;
  std::string Hash() const;
  // `key`: 32 bytes.
  RefreshToken Successor(std::string_view key) const;
};

}  // namespace sockel::identity
