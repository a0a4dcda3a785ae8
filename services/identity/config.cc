#include "services/identity/config.h"

namespace sockel::identity {

absl::StatusOr<Config> ReadConfig(config::Reader reader) {
  const std::string master_key = reader.RequiredSecret(
      "master_key_file", "File with the 32-byte master key, hexadecimal or base64");
  TokenOptions tokens;
  tokens.access_token_lifetime =
      reader.Duration("access_token_lifetime", absl::Minutes(10), "Life of an access token");
  SigningKeyOptions keys;
  keys.publication = reader.Duration("signing_key_publication", absl::Minutes(1),
                                     "A new signing key is published so long before it signs");
  keys.retirement = tokens.access_token_lifetime + absl::Minutes(2);
  SessionPolicy sessions;
  sessions.lifetime =
      reader.Duration("session.lifetime", absl::Hours(12), "A session ends so long after sign-in");
  sessions.idle = reader.Duration("session.idle", absl::Hours(2),
                                  "A session ends so long after its last refresh");
  HashingOptions hashing;
  hashing.memory_kib = reader.Int("argon2.memory_kib", hashing.memory_kib,
                                  "Memory of one password hash (Argon2id), KiB", {8, 4'194'304});
  hashing.passes =
      reader.Int("argon2.passes", hashing.passes, "Passes of a password hash", {1, 100});
  hashing.parallel = static_cast<int>(
      reader.Int("argon2.parallel", hashing.parallel, "Passwords hashed at a time", {1, 256}));
  hashing.waiting = static_cast<int>(
      reader.Int("argon2.waiting", hashing.waiting,
                 "Sign-ins that wait for that; with the former well below `workers`", {0, 4096}));
  AddressBudgetOptions addresses;
  addresses.failures =
      static_cast<int>(reader.Int("sign_in.address_failures", addresses.failures,
                                  "Failed sign-ins one address may make at once", {1, 1'000'000}));
  addresses.refill = reader.Duration("sign_in.address_refill", addresses.refill,
                                     "Time until an address may fail once more");
  auto key = MasterKey::FromFileContent(master_key);
  if (!key.ok()) return key.status();
  return Config{*key, tokens, keys, sessions, hashing, addresses};
}

}  // namespace sockel::identity
