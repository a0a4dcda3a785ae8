#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/auth/jose.h"
#include "common/auth/key_source.h"
#include "common/caller/caller.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"
#include "services/identity/secrets/master_key.h"
#include "services/identity/signing_keys/signing_key_store.h"
#include "sockel/identity/v1/authentication.pb.h"

namespace sockel::identity {

struct SigningKeyOptions {
  // A new key is published so long before it signs, for verifiers to fetch it.
  absl::Duration publication = absl::Minutes(1);
  // A retired key verifies so long after its successor signs: at least the
  // lifetime of its last token.
  absl::Duration retirement = absl::Minutes(12);
};

// The keys behind access tokens, as this replica knows them. Publish, sign and
// retire follow from three times in the row, so that no replica needs to be
// told at the right moment. Thread-safe.
class SigningKeys {
 public:
  // `published` is kept up to date for this process's own verifier.
  SigningKeys(pg::Database& db, const Clock& clock, const MasterKey& master_key,
              const SigningKeyOptions& options, auth::LocalKeySource& published)
      : db_(db),
        clock_(clock),
        vault_(master_key.Derive(KeyPurpose::kSigningKeys)),
        options_(options),
        published_(published) {}

  // Reads the keys anew. On failure those known stay. FAILED_PRECONDITION, which
  // says what to do, when one does not open with our master key.
  absl::Status Load() ABSL_LOCKS_EXCLUDED(mutex_);
  // The same without keeping what it read, for the start.
  absl::Status CheckMasterKey() const { return ReadLive().status(); }

  // The key that signs at `now`. UNAVAILABLE/DEPENDENCY_UNAVAILABLE when there
  // is none: not loaded yet, or `bootstrap` was never run.
  absl::StatusOr<auth::Key> Current(absl::Time now) const ABSL_LOCKS_EXCLUDED(mutex_);

  // AuthenticationService.
  absl::StatusOr<v1::GetJwksResponse> GetJwks(const Caller& caller,
                                              const v1::GetJwksRequest& request);
  absl::StatusOr<v1::RotateSigningKeyResponse> Rotate(const Caller& caller,
                                                      const v1::RotateSigningKeyRequest& request);

  // Makes the first key if there is none; whether it did. FAILED_PRECONDITION as
  // Load.
  absl::StatusOr<bool> CreateFirst(const Caller& caller);
  // After the loss of a master key: ends the keys that do not open with ours, and
  // makes one that signs at once in their place. How many it ended; without any,
  // it makes none.
  absl::StatusOr<int> ReplaceSealedByOther(const Caller& caller);

 private:
  struct Loaded {
    auth::Key key;
    absl::Time sign_time;
    absl::Time expire_time;
  };
  absl::StatusOr<std::vector<Loaded>> ReadLive() const;
  absl::StatusOr<Loaded> Open(const signing_key_store::Row& row) const;
  absl::StatusOr<std::vector<Loaded>> OpenAll(
      const std::vector<signing_key_store::Row>& rows) const;
  absl::StatusOr<Loaded> Make(pg::WriteTransaction& tx, absl::Time sign_time) const;
  void MakeJwks(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  pg::Database& db_;
  const Clock& clock_;
  const Vault vault_;
  const SigningKeyOptions options_;
  auth::LocalKeySource& published_;
  mutable absl::Mutex mutex_;
  // In the order in which they sign.
  std::vector<Loaded> keys_ ABSL_GUARDED_BY(mutex_);
  // Those that verify, as GetJwks answers; empty when there is none. Anybody may
  // ask for it, so it is made once for the keys that there are, not per call.
  std::string jwks_ ABSL_GUARDED_BY(mutex_);
  // Then a key in it expires, or there are other keys already.
  absl::Time jwks_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace sockel::identity
