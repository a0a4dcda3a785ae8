#include "services/identity/passwords/password_hasher.h"

#include <sodium.h>

#include <memory>

#include "absl/time/clock.h"
#include "common/error/error.h"

namespace sockel::identity {

class PasswordHasher::Turn {
 public:
  explicit Turn(PasswordHasher& hasher) : hasher_(hasher) {}
  ~Turn() { hasher_.Leave(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  PasswordHasher& hasher_;
};

absl::StatusOr<std::unique_ptr<PasswordHasher>> PasswordHasher::Create(
    const HashingOptions& options) {
  if (sodium_init() < 0) return error::Internal("libsodium does not start");
  std::unique_ptr<PasswordHasher> hasher(new PasswordHasher(options));
  auto dummy = hasher->Compute("nobody has this password");
  if (!dummy.ok()) return dummy.status();
  hasher->dummy_hash_ = *std::move(dummy);
  return hasher;
}

absl::Status PasswordHasher::Enter(absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  if (running_ < options_.parallel) {
    ++running_;
    return absl::OkStatus();
  }
  if (waiting_ >= options_.waiting) {
    absl::Status status =
        error::Make(absl::StatusCode::kResourceExhausted, error::CommonReason::OVERLOADED,
                    "More passwords are waiting to be checked than can be; try again shortly.");
    error::SetRetryAfter(status, absl::Milliseconds(500));
    return status;
  }
  ++waiting_;
  const auto my_turn = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return running_ < options_.parallel;
  };
  const bool mine = mutex_.AwaitWithDeadline(absl::Condition(&my_turn), deadline);
  --waiting_;
  if (!mine) {
    return error::Make(absl::StatusCode::kDeadlineExceeded, error::CommonReason::DEADLINE_TOO_SHORT,
                       "The deadline passed while the password waited to be checked.");
  }
  ++running_;
  return absl::OkStatus();
}

void PasswordHasher::Leave() {
  absl::MutexLock lock(&mutex_);
  --running_;
}

absl::StatusOr<std::string> PasswordHasher::Compute(std::string_view password) const {
  char out[crypto_pwhash_STRBYTES];
  const int failed = crypto_pwhash_str_alg(
      out, password.data(), password.size(), static_cast<unsigned long long>(options_.passes),
      static_cast<size_t>(options_.memory_kib) * 1024, crypto_pwhash_ALG_ARGON2ID13);
  if (failed != 0) {
    return error::Internal("Argon2id failed: argon2 parameters out of range, or out of memory");
  }
  return std::string(out);
}

absl::StatusOr<std::string> PasswordHasher::Hash(std::string_view password, absl::Time deadline) {
  if (absl::Status status = Enter(deadline); !status.ok()) return status;
  const Turn turn(*this);
  return Compute(password);
}

absl::StatusOr<bool> PasswordHasher::Verify(std::string_view hash, std::string_view password,
                                            absl::Time deadline) {
  if (absl::Status status = Enter(deadline); !status.ok()) return status;
  const Turn turn(*this);
  const std::string against = hash.empty() ? dummy_hash_ : std::string(hash);
  const bool right =
      crypto_pwhash_str_verify(against.c_str(), password.data(), password.size()) == 0;
  return right && !hash.empty();
}

bool PasswordHasher::NeedsRehash(const std::string& hash) const {
  return crypto_pwhash_str_needs_rehash(hash.c_str(),
                                        static_cast<unsigned long long>(options_.passes),
                                        static_cast<size_t>(options_.memory_kib) * 1024) != 0;
}

}  // namespace sockel::identity
