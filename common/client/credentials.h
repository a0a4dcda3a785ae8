#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/jose.h"
#include "grpcpp/channel.h"

namespace sockel {
class Clock;
}

namespace sockel::client {

// Where outgoing calls get their access token. Thread-safe.
class TokenSource {
 public:
  using Done = std::function<void(absl::StatusOr<std::string>)>;

  virtual ~TokenSource() = default;

  // Calls `done` exactly once: at once when a usable token is at hand, else
  // from another thread as soon as one is. Never blocks. UNAVAILABLE when
  // identity does not answer: the next call tries again.
  virtual void Get(Done done) = 0;

  // A server refused this token although it should be good (the key was
  // withdrawn, the account locked and unlocked): do not give it out again.
  virtual void Rejected(const std::string& access_token) = 0;
};

// Always the same token. For short-lived tools and tests.
std::shared_ptr<TokenSource> FixedToken(std::string access_token);

struct ServiceAccount {
  std::string name;  // tenants/provider/serviceAccounts/efile
  auth::Key key;     // with its private half
};

// Signs in as a service account (private_key_jwt) when a token is first wanted,
// and anew, in the background, once two thirds of its life are over. Needs
// identity at no time but then: a token at hand is used until it expires.
// `identity` is a channel without credentials.
std::shared_ptr<TokenSource> ServiceAccountTokens(ServiceAccount account,
                                                  std::shared_ptr<grpc::Channel> identity,
                                                  const Clock& clock);

// A signed-in user's pair of tokens.
struct UserTokens {
  std::string access_token;
  absl::Time access_expire_time;
  std::string refresh_token;
};

// Uses the access token and trades the refresh token for the next pair in time.
// After the session ended calls fail with UNAUTHENTICATED.
struct UserTokenStore {
  // Told each new pair. May be empty.
  std::function<void(const UserTokens&)> save;
  // The session's pair as it is stored now, nothing when there is none. May be
  // empty. Another process may have traded the refresh token, and to use it once
  // more would end the session for both.
  std::function<std::optional<UserTokens>()> load;
};
std::shared_ptr<TokenSource> RefreshedUserTokens(UserTokens tokens,
                                                 std::shared_ptr<grpc::Channel> identity,
                                                 const Clock& clock, UserTokenStore store);

// Reads a private JWK file. INVALID_ARGUMENT, NOT_FOUND and
// PERMISSION_DENIED name the file.
absl::StatusOr<auth::Key> ReadKeyFile(const std::string& path);

}  // namespace sockel::client
