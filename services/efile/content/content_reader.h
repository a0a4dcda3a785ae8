#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "services/efile/content/content_store.h"
#include "services/efile/content/segments.h"
#include "services/efile/content/sha256.h"

namespace sockel::efile {

// Reads ranges of an encrypted content; only the segments that a range touches
// are read and decrypted. Not thread-safe.
class ContentReader {
 public:
  // `size`: of the plaintext, from the database. DATA_LOSS/CONTENT_DAMAGED when
  // the stored form has another length: torn or shortened.
  static absl::StatusOr<std::unique_ptr<ContentReader>> Open(ContentStore& store,
                                                             const ContentId& id, const Key& key,
                                                             std::int64_t size);

  // Replaces `out` by `length` bytes from `offset`, which must lie inside.
  // DATA_LOSS/CONTENT_DAMAGED when a segment does not open; `out` is empty then.
  absl::Status Read(std::int64_t offset, std::int64_t length, std::string& out);

 private:
  ContentReader(std::unique_ptr<StoredContent> content, SegmentCipher cipher);

  std::unique_ptr<StoredContent> content_;
  SegmentCipher cipher_;
  std::string stored_;   // read buffer
  std::string segment_;  // for segments of which only a piece is wanted
};

// Rereads the first `length` bytes (whole segments) of a part for a hash that
// can go on with what follows. DATA_LOSS/CONTENT_DAMAGED when a segment does not
// open.
absl::StatusOr<Sha256> HashPart(const ContentPart& part, const ContentId& id, const Key& key,
                                std::int64_t size, std::int64_t length);

}  // namespace sockel::efile
