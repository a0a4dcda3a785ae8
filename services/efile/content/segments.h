#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/efile/content/gcm.h"

// How content lies in the store: segments of 64 KiB of plaintext, each
//
//   nonce(12) || ciphertext || tag(16)
//
// AES-256-GCM with a data key of this content alone, a random nonce, and the
// associated data content id || index || last?. So a segment that was changed,
// moved, taken from another content, or is missing at the end does not open;
// and one segment can be read without the others. The nonce is random, not
// the index, because an upload that was interrupted writes a segment again,
// possibly with other bytes. (The idea is that of STREAM, Hoang et al. 2015.)
//
// Content of zero bytes is one empty segment.
namespace sockel::efile {

constexpr std::int64_t kSegmentSize = 64 * 1024;
constexpr std::int64_t kStoredSegmentSize = kSegmentSize + kNonceSize + kTagSize;

// Segments of a content of `size` bytes; at least 1.
constexpr std::int64_t SegmentCount(std::int64_t size) {
  return size == 0 ? 1 : (size + kSegmentSize - 1) / kSegmentSize;
}

// Bytes that a content of `size` bytes takes in the store.
constexpr std::int64_t StoredSize(std::int64_t size) {
  return size + SegmentCount(size) * static_cast<std::int64_t>(kNonceSize + kTagSize);
}

// Associated data of one segment.
std::string SegmentContext(std::string_view content_id, std::int64_t index, bool last);

// Seals and opens segments of one content. Not thread-safe.
class SegmentCipher {
 public:
  // `size`: of the whole content in bytes, known from the start.
  SegmentCipher(const Key& key, std::string content_id, std::int64_t size);

  // Appends the stored form of segment `index` to `out`.
  void Seal(std::int64_t index, std::string_view plain, std::string& out);

  // Decrypts the stored form into `out` (stored.size() - 28 bytes). False when
  // it is not this segment of this content, unchanged.
  bool Open(std::int64_t index, std::string_view stored, char* out);

  std::int64_t size() const { return size_; }
  // Plaintext bytes of segment `index`.
  std::int64_t SegmentLength(std::int64_t index) const;

 private:
  bool IsLast(std::int64_t index) const { return index == SegmentCount(size_) - 1; }

  GcmSealer sealer_;
  GcmOpener opener_;
  const std::string content_id_;
  const std::int64_t size_;
};

}  // namespace sockel::efile
