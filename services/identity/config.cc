#include "services/identity/config.h"

#include "services/identity/revocations/revoker.h"

namespace sockel::identity {
namespace {

absl::Duration ReadTokenLifetime(config::Reader& reader) {
  const absl::Duration lifetime = reader.Duration("access_token_lifetime", absl::Minutes(10),
                                                  "Life of an access token, an hour at most");
  if (lifetime <= absl::ZeroDuration() || lifetime > kLongestTokenLifetime) {
    reader.Refuse("access_token_lifetime", "a duration of up to 1h");
  }
  return lifetime;
}

HashingOptions ReadHashing(config::Reader& reader) {
  HashingOptions hashing;
  hashing.memory_kib = reader.Int("argon2.memory_kib", hashing.memory_kib,
                                  "Memory of one password hash (Argon2id), KiB", {8, 4'194'304});
  hashing.passes =
      reader.Int("argon2.passes", hashing.passes, "Passes of a password hash", {1, 100});
  return hashing;
}

rpc::WorkerPool::Options ReadPasswordPool(config::Reader& reader) {
  rpc::WorkerPool::Options pool;
  pool.name = "passwords";
  // How many may wait is all that limits the wait: who does has a deadline.
  pool.max_wait = absl::InfiniteDuration();
  pool.threads = static_cast<int>(
      reader.Int("argon2.parallel", 2, "Threads for calls that hash passwords", {1, 256}));
  pool.queue = static_cast<int>(
      reader.Int("argon2.waiting", 64, "Such calls that may wait for a thread", {1, 4096}));
  return pool;
}

AddressBudgetOptions ReadAddressBudget(config::Reader& reader) {
  AddressBudgetOptions addresses;
  addresses.failures =
      static_cast<int>(reader.Int("sign_in.address_failures", addresses.failures,
                                  "Failed sign-ins one address may make at once", {1, 1'000'000}));
  addresses.refill = reader.Duration("sign_in.address_refill", addresses.refill,
                                     "Time until an address may fail once more");
  return addresses;
}

}  // namespace

absl::StatusOr<Config> ReadConfig(config::Reader reader) {
  const std::string master_key = reader.RequiredSecret(
      "master_key_file", "File with the 32-byte master key, hexadecimal or base64");
  TokenOptions tokens;
  tokens.access_token_lifetime = ReadTokenLifetime(reader);
  SigningKeyOptions keys;
  keys.publication = reader.Duration("signing_key_publication", absl::Minutes(1),
                                     "A new signing key is published so long before it signs");
  keys.retirement = tokens.access_token_lifetime + absl::Minutes(2);
  SessionPolicy sessions;
  sessions.lifetime =
      reader.Duration("session.lifetime", absl::Hours(12), "A session ends so long after sign-in");
  sessions.idle = reader.Duration("session.idle", absl::Hours(2),
                                  "A session ends so long after its last refresh");
  const HashingOptions hashing = ReadHashing(reader);
  const rpc::WorkerPool::Options passwords = ReadPasswordPool(reader);
  const AddressBudgetOptions addresses = ReadAddressBudget(reader);
  auto key = MasterKey::FromFileContent(master_key);
  if (!key.ok()) return key.status();
  return Config{*key, tokens, keys, sessions, hashing, passwords, addresses};
}

}  // namespace sockel::identity
