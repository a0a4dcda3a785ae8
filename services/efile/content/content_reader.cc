#include "services/efile/content/content_reader.h"

#include <algorithm>

namespace sockel::efile {
namespace {

absl::Status DoesNotOpen() {
  return ContentDamaged("The stored content was changed since it was filed.");
}

std::size_t Size(std::int64_t value) { return static_cast<std::size_t>(value); }

}  // namespace

ContentReader::ContentReader(std::unique_ptr<StoredContent> content, SegmentCipher cipher)
    : content_(std::move(content)), cipher_(std::move(cipher)) {}

absl::StatusOr<std::unique_ptr<ContentReader>> ContentReader::Open(ContentStore& store,
                                                                   const ContentId& id,
                                                                   const Key& key,
                                                                   std::int64_t size) {
  auto content = store.Open(id);
  if (!content.ok()) return content.status();
  if ((*content)->size() != StoredSize(size)) {
    return ContentDamaged("The stored content has another length than it had.");
  }
  std::unique_ptr<ContentReader> reader(
      new ContentReader(std::move(*content), SegmentCipher(key, id.id, size)));
  // An empty content has nothing to read later, so its seal is checked here.
  if (size == 0) {
    std::string stored(Size(StoredSize(0)), '\0');
    absl::Status status = reader->content_->ReadAt(0, stored.size(), stored.data());
    if (!status.ok()) return status;
    char unused = 0;
    if (!reader->cipher_.Open(0, stored, &unused)) return DoesNotOpen();
  }
  return reader;
}

absl::Status ContentReader::Read(std::int64_t offset, std::int64_t length, std::string& out) {
  out.clear();
  if (offset < 0 || length < 0 || offset > cipher_.size() - length) {
    return absl::OutOfRangeError("the range is not inside the content");
  }
  if (length == 0) return absl::OkStatus();
  const std::int64_t first = offset / kSegmentSize;
  const std::int64_t last = (offset + length - 1) / kSegmentSize;
  const std::int64_t stored_end =
      std::min((last + 1) * kStoredSegmentSize, StoredSize(cipher_.size()));
  stored_.resize(Size(stored_end - first * kStoredSegmentSize));
  absl::Status status =
      content_->ReadAt(first * kStoredSegmentSize, stored_.size(), stored_.data());
  if (!status.ok()) return status;

  out.resize(Size(length));
  segment_.resize(Size(kSegmentSize));
  for (std::int64_t index = first; index <= last; ++index) {
    const std::string_view stored = std::string_view(stored_).substr(
        Size((index - first) * kStoredSegmentSize), Size(kStoredSegmentSize));
    const std::int64_t begin = index * kSegmentSize;
    const std::int64_t from = std::max(begin, offset);
    const std::int64_t to = std::min(begin + cipher_.SegmentLength(index), offset + length);
    char* target = out.data() + (from - offset);
    const bool whole = from == begin && to == begin + cipher_.SegmentLength(index);
    if (!cipher_.Open(index, stored, whole ? target : segment_.data())) {
      out.clear();
      return DoesNotOpen();
    }
    if (!whole) std::copy_n(segment_.data() + (from - begin), to - from, target);
  }
  return absl::OkStatus();
}

absl::StatusOr<Sha256> HashPart(const ContentPart& part, const ContentId& id, const Key& key,
                                std::int64_t size, std::int64_t length) {
  SegmentCipher cipher(key, id.id, size);
  Sha256 hash;
  std::string stored(Size(kStoredSegmentSize), '\0');
  std::string plain(Size(kSegmentSize), '\0');
  for (std::int64_t index = 0; index < length / kSegmentSize; ++index) {
    absl::Status status = part.ReadAt(index * kStoredSegmentSize, stored.size(), stored.data());
    if (!status.ok()) return status;
    if (!cipher.Open(index, stored, plain.data())) return DoesNotOpen();
    hash.Update(plain);
  }
  return hash;
}

}  // namespace sockel::efile
