#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// Keys of content at rest: a data key per content, wrapped by the tenant's
// key, wrapped by the master key. Wrapping is AES-256-GCM with a random nonce;
// `context` (what the key is for) is authenticated, so that a wrapped key put
// into another row does not open.
namespace sockel::efile {

// A 256-bit key. Its memory is wiped when it goes.
class Key {
 public:
  static constexpr std::size_t kSize = 32;

  static Key Random();
  // `bytes` must be kSize long.
  static absl::StatusOr<Key> FromBytes(std::string_view bytes);

  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  ~Key();

  const std::uint8_t* data() const { return bytes_.data(); }

 private:
  Key() = default;
  std::array<std::uint8_t, kSize> bytes_{};
};

// nonce(12) || ciphertext(32) || tag(16).
std::string WrapKey(const Key& wrapping, const Key& key, std::string_view context);

// DATA_LOSS/CONTENT_DAMAGED when it was wrapped by another key, for another
// context, or changed.
absl::StatusOr<Key> UnwrapKey(const Key& wrapping, std::string_view wrapped,
                              std::string_view context);

// The master key as it stands in its file: 64 hexadecimal digits.
// FAILED_PRECONDITION otherwise, saying how to make one.
absl::StatusOr<Key> ParseMasterKey(std::string_view hex);

}  // namespace sockel::efile
