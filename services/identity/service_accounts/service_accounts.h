#pragma once

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "services/identity/revocations/revoker.h"
#include "sockel/identity/v1/service_account.pb.h"

namespace sockel::identity {

inline constexpr int kMostKeys = 10;

// Accounts of applications; what ServiceAccountService documents. Thread-safe.
class ServiceAccounts {
 public:
  ServiceAccounts(pg::Database& db, const paging::Tokens& pages, const Revoker& revoker)
      : db_(db), pages_(pages), revoker_(revoker) {}

  absl::StatusOr<v1::ServiceAccount> Create(const Caller& caller,
                                            const v1::CreateServiceAccountRequest& request);
  absl::StatusOr<v1::ServiceAccount> Get(const Caller& caller,
                                         const v1::GetServiceAccountRequest& request);
  absl::StatusOr<v1::ListServiceAccountsResponse> List(
      const Caller& caller, const v1::ListServiceAccountsRequest& request);
  absl::StatusOr<v1::ServiceAccount> AddKey(const Caller& caller,
                                            const v1::AddServiceAccountKeyRequest& request);
  absl::StatusOr<v1::ServiceAccount> RemoveKey(const Caller& caller,
                                               const v1::RemoveServiceAccountKeyRequest& request);

 private:
  pg::Database& db_;
  const paging::Tokens& pages_;
  const Revoker& revoker_;
};

// A public key as it is stored: id and JWK reduced to the public members.
// INVALID_ARGUMENT/KEY_INVALID names `field`.
struct PublicKey {
  std::string id;
  std::string jwk;
};
absl::StatusOr<PublicKey> ReadPublicKey(std::string_view field, std::string_view jwk);

}  // namespace sockel::identity
