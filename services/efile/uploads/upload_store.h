#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/pg/database.h"
#include "services/efile/keys/tenant_keys.h"
#include "sockel/efile/v1/upload.pb.h"

// SQL of uploads. Ids, not names. Everything but the cleaning up sees only the
// uploads that the caller created, in the caller's tenant.
namespace sockel::efile {

struct NewUpload {
  std::string id;
  std::string dossier_id;
  std::int64_t size = 0;
  std::string sha256;
  WrappedDataKey key;
  absl::Time expire_time;
};

struct UploadRow {
  v1::Upload upload;
  WrappedDataKey key;
};

// Which upload, for work across tenants.
struct UploadId {
  std::string tenant;
  std::string id;
  absl::Time expire_time;  // they are listed in this order
};

class UploadStore {
 public:
  // Nothing when the dossier does not exist or is not open; until the end of
  // the transaction it cannot be closed.
  std::optional<v1::Upload> Insert(pg::WriteTransaction& tx, const NewUpload& upload) const;
  std::optional<UploadRow> Get(pg::Transaction& tx, const std::string& id) const;

  // Makes `writer` the only one who may record progress. Which writer recorded
  // the bytes that are there: it and their number stand for what they are. Empty
  // when that is not known; nothing when the upload is no longer RECEIVING with
  // exactly `received` bytes.
  std::optional<std::string> Claim(pg::WriteTransaction& tx, const std::string& id,
                                   std::int64_t received, const std::string& writer,
                                   absl::Time expire_time) const;
  // Both: nothing when another writer took over or the upload was given up.
  std::optional<v1::Upload> Progress(pg::WriteTransaction& tx, const std::string& id,
                                     const std::string& writer, std::int64_t received,
                                     absl::Time expire_time) const;
  std::optional<v1::Upload> Complete(pg::WriteTransaction& tx, const std::string& id,
                                     const std::string& writer, const std::string& media_type,
                                     absl::Time expire_time) const;
  // Nothing unless it was RECEIVING or COMPLETE.
  std::optional<v1::Upload> Cancel(pg::WriteTransaction& tx, const std::string& id) const;

  // At most `limit` unfinished ones whose time is over.
  std::vector<UploadId> ListOverdue(pg::Transaction& tx, absl::Time now, int limit) const;
  // False when it is no longer unfinished and overdue.
  bool Expire(pg::WriteTransaction& tx, const std::string& id) const;
  // At most `limit` given up ones whose bytes are still stored, behind `after`.
  std::vector<UploadId> ListWithBytesToRemove(pg::Transaction& tx,
                                              const std::optional<UploadId>& after,
                                              int limit) const;
  // The key is forgotten with the bytes.
  void MarkBytesRemoved(pg::WriteTransaction& tx, const std::string& id) const;
};

}  // namespace sockel::efile
