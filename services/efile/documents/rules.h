#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "sockel/efile/v1/document.pb.h"

// Rules of documents that need nothing but their arguments.
namespace sockel::efile {

// INVALID_ARGUMENT naming the field: dates that are no days of the calendar,
// file names with folders or control characters.
absl::Status CheckDocument(const v1::Document& document);

// A piece of content, [begin, end).
struct ByteRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

// What `offset` and `length` (0 = to the end) mean for content of `size` bytes.
// OUT_OF_RANGE/RANGE_INVALID when the offset lies behind the end.
absl::StatusOr<ByteRange> RangeOf(std::int64_t offset, std::int64_t length, std::int64_t size);

// Where a message that begins at `position` ends: at most 256 KiB further, on
// a border of segments, so that no segment is decrypted twice.
std::int64_t MessageEnd(std::int64_t position, std::int64_t end);

}  // namespace sockel::efile
