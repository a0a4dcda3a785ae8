#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// Where bytes of contents are kept. A store knows nothing of documents, keys or
// plaintext: what it is given is already encrypted (see segments.h).
namespace sockel::efile {

// Which content. `tenant` is the tenant's code; `id` a UUID in lower case.
struct ContentId {
  std::string tenant;
  std::string id;
};

// A content that is being written: the only one who writes it. Not
// thread-safe. Without Seal() it stays a part that can be opened again.
//
// Errors: RESOURCE_EXHAUSTED/STORAGE_FULL when no space is left; INTERNAL for
// other faults of the storage. After an error only what the last successful
// Sync() covered may be relied on.
class ContentPart {
 public:
  virtual ~ContentPart() = default;
  virtual std::int64_t size() const = 0;
  // Drops everything from `size` on.
  virtual absl::Status Truncate(std::int64_t size) = 0;
  virtual absl::Status Append(std::string_view bytes) = 0;
  // Fills `out`; DATA_LOSS/CONTENT_DAMAGED when there are fewer bytes.
  virtual absl::Status ReadAt(std::int64_t offset, std::size_t length, char* out) const = 0;
  // What was appended, and that the part exists, survives a power loss.
  virtual absl::Status Sync() = 0;
  // Sync, and it is a content from now on: never changed again. Survives a
  // power loss.
  virtual absl::Status Seal() = 0;
};

// A complete content. Thread-safe.
class StoredContent {
 public:
  virtual ~StoredContent() = default;
  virtual std::int64_t size() const = 0;
  // Fills `out`; DATA_LOSS/CONTENT_DAMAGED when there are fewer bytes.
  virtual absl::Status ReadAt(std::int64_t offset, std::size_t length, char* out) const = 0;
};

// Where in a store's order of its contents to go on. Empty: at the beginning.
struct Place {
  std::string tenant;
  std::string folder;
  std::string id;
};

// A piece of what a store holds.
struct Stretch {
  std::vector<ContentId> unchanged;
  Place next;  // the first that was not looked at; empty after the last
};

// Of the file system that a store lies on, in bytes.
struct StoreSpace {
  std::uintmax_t size = 0;
  std::uintmax_t free = 0;  // for us: without what is reserved for root
};

// Thread-safe; several processes may use one store.
class ContentStore {
 public:
  virtual ~ContentStore() = default;
  // Opens the part, or begins it, for one writer at a time: ABORTED/UPLOAD_BUSY
  // while somebody else has it open, in this or another process. A content that
  // is sealed already becomes a part again with the first change: that is for
  // seals whose transaction was not committed, so ask the database, with the
  // part open, before the first change.
  virtual absl::StatusOr<std::unique_ptr<ContentPart>> OpenPart(const ContentId& id) = 0;
  // DATA_LOSS/CONTENT_DAMAGED when there is none.
  virtual absl::StatusOr<std::unique_ptr<StoredContent>> Open(const ContentId& id) = 0;
  // Removes content or part; OK when there is none. ABORTED/UPLOAD_BUSY while
  // somebody writes it.
  virtual absl::Status Remove(const ContentId& id) = 0;
  // Looks at contents and parts from `begin` on, at `limit` of them at most, and
  // lists those that nobody changed for `age`: by the clock that dates the
  // changes, so that a machine whose clock is wrong does not think young ones
  // old.
  virtual absl::StatusOr<Stretch> ListUnchanged(absl::Duration age, const Place& begin,
                                                std::size_t limit) = 0;

  // The store's trash: what lies there is neither opened nor listed by anything
  // above. What follows says whether there was anything to do; ABORTED/UPLOAD_BUSY
  // while somebody writes the content, or moves it as well.

  // Moves content or part into the trash, dated by the move. Survives a power
  // loss.
  virtual absl::StatusOr<bool> Discard(const ContentId& id) = 0;
  // As ListUnchanged, of what was discarded `age` ago or earlier.
  virtual absl::StatusOr<Stretch> ListDiscarded(absl::Duration age, const Place& begin,
                                                std::size_t limit) = 0;
  // Moves it back to where it was, unless there is another one now. Survives a
  // power loss.
  virtual absl::StatusOr<bool> PutBack(const ContentId& id) = 0;
  // Removes it for good.
  virtual absl::StatusOr<bool> RemoveDiscarded(const ContentId& id) = 0;

  // INTERNAL when it cannot be told.
  virtual absl::StatusOr<StoreSpace> Space() = 0;
};

}  // namespace sockel::efile
