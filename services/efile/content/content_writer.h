#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "services/efile/content/content_store.h"
#include "services/efile/content/segments.h"
#include "services/efile/content/sha256.h"

namespace sockel::efile {

// Encrypts a content of known size into a part as its bytes arrive; hashes the
// plaintext on the way. Not thread-safe. Errors are those of ContentPart; after
// one, every further call gives the same.
class ContentWriter {
 public:
  // Goes on after `offset` bytes (whole segments, 0 = begin); `hash` has seen
  // exactly these. What the part holds beyond them is dropped.
  static absl::StatusOr<std::unique_ptr<ContentWriter>> Open(std::unique_ptr<ContentPart> part,
                                                             const ContentId& id, const Key& key,
                                                             std::int64_t size, std::int64_t offset,
                                                             Sha256 hash);

  // OUT_OF_RANGE when there are more bytes than announced; nothing of `bytes`
  // is written then.
  absl::Status Append(std::string_view bytes);

  // Bytes taken so far.
  std::int64_t received() const { return sealed_ + static_cast<std::int64_t>(pending_.size()); }
  bool complete() const { return received() == cipher_.size(); }
  // Bytes in whole segments: what a later writer can go on after, once Sync()
  // was OK.
  std::int64_t resumable() const { return sealed_; }
  // Whole segments survive a power loss from now on.
  absl::Status Sync();

  // Once complete(): the SHA-256 of all bytes. Nothing is sealed yet.
  absl::StatusOr<std::string> Finish();
  // Makes the part a content, durably.
  absl::Status Seal() { return Keep(part_->Seal()); }

  // When giving up before complete(): the hash of resumable() bytes, for the
  // next writer. Call after the last Append and Sync.
  Sha256 TakeHash() { return std::move(hash_); }

 private:
  ContentWriter(std::unique_ptr<ContentPart> part, SegmentCipher cipher, std::int64_t offset,
                Sha256 hash);
  void SealSegment(std::string_view plain);
  absl::Status Flush();
  absl::Status Keep(absl::Status status);

  std::unique_ptr<ContentPart> part_;
  SegmentCipher cipher_;
  Sha256 hash_;
  std::int64_t sealed_;   // plaintext bytes in whole segments
  std::string pending_;   // less than a segment
  std::string outgoing_;  // encrypted, not yet given to the part
  absl::Status failure_;  // of the part
};

// Writes a content that is all there: part, bytes, seal. Nothing is left behind
// on failure.
absl::Status WriteContent(ContentStore& store, const ContentId& id, const Key& key,
                          std::string_view bytes);

}  // namespace sockel::efile
