#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sockel {

// Who a token speaks for.
struct Principal {
  std::string subject;             // resource name, `tenants/smi/users/0190…`
  std::string tenant;              // code of the home tenant, `smi`
  std::vector<std::string> roles;  // `caseworker`
  std::string session;             // empty for service accounts
  std::string on_behalf_of;        // claim `act`, else empty
  absl::Time expire = absl::InfiniteFuture();
  absl::Time issue_time;  // of the token, to the millisecond
};

// What the dispatcher needs of token verification; auth::TokenVerifier is the
// implementation. Thread-safe.
class Authenticator {
 public:
  using Result = absl::StatusOr<std::shared_ptr<const Principal>>;
  virtual ~Authenticator() = default;

  // Answers from what is in memory already: a token verified before and still
  // good. Null when that takes Authenticate(). Never
  // blocks, never verifies a signature: called on the reactor's threads.
  virtual std::shared_ptr<const Principal> Known(std::string_view bearer) const = 0;

  // Verifies; may block (keys fetched from identity). Errors: UNAUTHENTICATED
  // with TOKEN_INVALID, TOKEN_EXPIRED or TOKEN_REVOKED; UNAVAILABLE with
  // DEPENDENCY_UNAVAILABLE when no keys were ever obtained.
  virtual Result Authenticate(std::string_view bearer) const = 0;

  // For what outlives the moment of its authentication: how a principal that
  // one of the two above gave stands now. Never blocks.
  enum class Standing { kGood, kExpired, kRevoked };
  virtual Standing StandingOf(const Principal& principal) const = 0;
};

// auth::Allows: may somebody of `home_tenant` with these roles use the
// permission in `target_tenant` (`*` = all tenants)?
using AllowsFunction = bool (*)(const std::vector<std::string>& roles, std::string_view permission,
                                std::string_view home_tenant, std::string_view target_tenant);

}  // namespace sockel
