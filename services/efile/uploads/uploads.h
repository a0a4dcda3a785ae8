#pragma once

#include <atomic>

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/clock/clock.h"
#include "common/pg/database.h"
#include "common/rpc/stream.h"
#include "services/efile/dossiers/dossier_store.h"
#include "services/efile/storage.h"
#include "services/efile/uploads/hash_states.h"
#include "services/efile/uploads/upload_store.h"

namespace sockel::efile {

// Bytes after which a running upload notes how far it is: what a kill of the
// service costs at most.
constexpr std::int64_t kProgressStep = 32 * 1024 * 1024;
// Time without bytes after which an upload expires.
constexpr absl::Duration kUploadLifetime = absl::Hours(24);

// How many streams may reread more than kProgressStep at a time. Each holds a
// worker for as long as its disk needs, seconds for some GiB; the others serve.
constexpr int kMostRereads = 3;

// Use cases of uploads; errors as documented in upload.proto.
class Uploads {
 public:
  Uploads(pg::Database& db, const Clock& clock, Storage storage, int most_rereads = kMostRereads)
      : db_(db), clock_(clock), storage_(storage), rereads_left_(most_rereads) {}

  absl::StatusOr<v1::Upload> Create(const Caller& caller, const v1::CreateUploadRequest& request);
  absl::StatusOr<v1::Upload> Get(const Caller& caller, const v1::GetUploadRequest& request);
  rpc::SinkOr<v1::AppendUploadRequest, v1::Upload> Append(const Caller& caller,
                                                          const v1::AppendUploadRequest& first);
  absl::StatusOr<v1::Upload> Cancel(const Caller& caller, const v1::CancelUploadRequest& request);

 private:
  absl::StatusOr<UploadRow> Find(const Caller& caller, const std::string& id,
                                 const std::string& name);
  // As UploadStore::Claim; an error that says why when it was not possible.
  absl::StatusOr<std::string> Claim(const Caller& caller, const std::string& id,
                                    const v1::AppendUploadRequest& first,
                                    const std::string& writer);
  // The hash of the bytes that are there: kept by the stream that received them,
  // else reread. RESOURCE_EXHAUSTED/OVERLOADED when too many do that.
  absl::StatusOr<Sha256> HashOfReceived(const ContentPart& part, const ContentId& content,
                                        const Key& key, const v1::Upload& upload,
                                        const std::string& received_by);

  pg::Database& db_;
  const Clock& clock_;
  const Storage storage_;
  UploadStore store_;
  DossierStore dossiers_;
  HashStates hashes_;
  std::atomic<int> rereads_left_;
};

}  // namespace sockel::efile
