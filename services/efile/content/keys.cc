#include "services/efile/content/keys.h"

#include <algorithm>
#include <optional>

#include <openssl/crypto.h>

#include "absl/strings/str_cat.h"
#include "common/ids/ids.h"
#include "services/efile/content/gcm.h"

namespace sockel::efile {

Key Key::Random() {
  Key key;
  FillRandom(key.bytes_.data(), kSize);
  return key;
}

absl::StatusOr<Key> Key::FromBytes(std::string_view bytes) {
  if (bytes.size() != kSize) {
    return absl::InvalidArgumentError(absl::StrCat("a key has ", kSize, " bytes"));
  }
  Key key;
  std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
  return key;
}

Key::~Key() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

std::string WrapKey(const Key& wrapping, const Key& key, std::string_view context) {
  std::string wrapped(kNonceSize + Key::kSize + kTagSize, '\0');
  auto* nonce = reinterpret_cast<std::uint8_t*>(wrapped.data());
  FillRandom(nonce, kNonceSize);
  GcmSealer(wrapping).Seal(nonce, context,
                           std::string_view(reinterpret_cast<const char*>(key.data()), Key::kSize),
                           nonce + kNonceSize);
  return wrapped;
}

absl::StatusOr<Key> UnwrapKey(const Key& wrapping, std::string_view wrapped,
                              std::string_view context) {
  std::array<std::uint8_t, Key::kSize> plain;
  if (wrapped.size() != kNonceSize + Key::kSize + kTagSize ||
      !GcmOpener(wrapping).Open(reinterpret_cast<const std::uint8_t*>(wrapped.data()), context,
                                wrapped.substr(kNonceSize), plain.data())) {
    return ContentDamaged("a wrapped key does not open");
  }
  auto key = Key::FromBytes({reinterpret_cast<const char*>(plain.data()), plain.size()});
  OPENSSL_cleanse(plain.data(), plain.size());
  return key;
}

absl::StatusOr<Key> ParseMasterKey(std::string_view hex) {
  const std::optional<std::string> bytes = ids::FromHex(hex);
  if (!bytes || bytes->size() != Key::kSize) {
    return absl::FailedPreconditionError(
        "the master key is not 64 hexadecimal digits; make one with: openssl rand -hex 32");
  }
  return Key::FromBytes(*bytes);
}

}  // namespace sockel::efile
