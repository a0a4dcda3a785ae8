#include "services/efile/content/content_writer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace sockel::efile {
namespace {

// Encrypted bytes gathered before they are written: few system calls, little
// memory per stream.
constexpr std::size_t kWriteSize = 512 * 1024;

}  // namespace

ContentWriter::ContentWriter(std::unique_ptr<ContentPart> part, SegmentCipher cipher,
                             std::int64_t offset, Sha256 hash)
    : part_(std::move(part)), cipher_(std::move(cipher)), hash_(std::move(hash)), sealed_(offset) {}

absl::StatusOr<std::unique_ptr<ContentWriter>> ContentWriter::Open(
    std::unique_ptr<ContentPart> part, const ContentId& id, const Key& key, std::int64_t size,
    std::int64_t offset, Sha256 hash) {
  const std::int64_t stored = offset / kSegmentSize * kStoredSegmentSize;
  if (part->size() < stored) return ContentDamaged("Received bytes are missing in the store.");
  if (part->size() > stored) {
    absl::Status status = part->Truncate(stored);
    if (!status.ok()) return status;
  }
  return std::unique_ptr<ContentWriter>(
      new ContentWriter(std::move(part), SegmentCipher(key, id.id, size), offset, std::move(hash)));
}

absl::Status ContentWriter::Append(std::string_view bytes) {
  if (!failure_.ok()) return failure_;
  if (static_cast<std::int64_t>(bytes.size()) > cipher_.size() - received()) {
    return absl::OutOfRangeError(
        absl::StrCat("more than the announced ", cipher_.size(), " bytes"));
  }
  constexpr auto kFull = static_cast<std::size_t>(kSegmentSize);
  if (!pending_.empty()) {
    const std::size_t take = std::min(bytes.size(), kFull - pending_.size());
    pending_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    if (pending_.size() == kFull) {
      SealSegment(pending_);
      pending_.clear();
    }
  }
  while (bytes.size() >= kFull) {
    SealSegment(bytes.substr(0, kFull));
    bytes.remove_prefix(kFull);
  }
  pending_.append(bytes);
  return outgoing_.size() >= kWriteSize ? Flush() : absl::OkStatus();
}

void ContentWriter::SealSegment(std::string_view plain) {
  hash_.Update(plain);
  cipher_.Seal(sealed_ / kSegmentSize, plain, outgoing_);
  sealed_ += static_cast<std::int64_t>(plain.size());
}

absl::Status ContentWriter::Keep(absl::Status status) {
  if (failure_.ok()) failure_ = std::move(status);
  return failure_;
}

absl::Status ContentWriter::Flush() {
  if (!failure_.ok()) return failure_;
  absl::Status status = part_->Append(outgoing_);
  outgoing_.clear();
  return Keep(std::move(status));
}

absl::Status ContentWriter::Sync() {
  absl::Status status = Flush();
  return status.ok() ? Keep(part_->Sync()) : status;
}

absl::StatusOr<std::string> ContentWriter::Finish() {
  if (!complete()) return absl::FailedPreconditionError("bytes are missing");
  if (!pending_.empty() || cipher_.size() == 0) {
    SealSegment(pending_);
    pending_.clear();
  }
  absl::Status status = Flush();
  if (!status.ok()) return status;
  return hash_.Finish();
}

absl::Status WriteContent(ContentStore& store, const ContentId& id, const Key& key,
                          std::string_view bytes) {
  const auto write = [&]() -> absl::Status {
    auto part = store.OpenPart(id);
    if (!part.ok()) return part.status();
    SegmentCipher cipher(key, id.id, static_cast<std::int64_t>(bytes.size()));
    std::string stored;
    stored.reserve(static_cast<std::size_t>(StoredSize(cipher.size())));
    for (std::int64_t index = 0; index < SegmentCount(cipher.size()); ++index) {
      cipher.Seal(index,
                  bytes.substr(static_cast<std::size_t>(index * kSegmentSize),
                               static_cast<std::size_t>(cipher.SegmentLength(index))),
                  stored);
    }
    absl::Status status = (*part)->Append(stored);
    return status.ok() ? (*part)->Seal() : status;
  };
  absl::Status status = write();
  if (!status.ok()) store.Remove(id).IgnoreError();
  return status;
}

}  // namespace sockel::efile
