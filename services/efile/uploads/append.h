#pragma once

#include <memory>
#include <string>

#include "common/caller/caller.h"
#include "common/pg/database.h"
#include "common/rpc/stream.h"
#include "services/efile/content/content_writer.h"
#include "services/efile/storage.h"
#include "services/efile/uploads/hash_states.h"
#include "services/efile/uploads/upload_store.h"

namespace sockel::efile {

// What one AppendUpload works on. The references outlive the stream.
struct AppendContext {
  pg::Database& db;
  const Storage& storage;
  const UploadStore& store;
  HashStates& hashes;
  Caller caller;
  ContentId content;
  Key key;
  std::string writer;       // as claimed
  std::string received_by;  // the stream that recorded what is there; empty: none or unknown
  v1::Upload upload;        // as it was before
};

// ABORTED/UPLOAD_BUSY.
absl::Status UploadTakenOver();

// Takes the messages of one AppendUpload. However the stream ends, whole
// segments that arrived are kept.
std::unique_ptr<rpc::Sink<v1::AppendUploadRequest, v1::Upload>> NewAppend(
    AppendContext context, std::unique_ptr<ContentWriter> out);

}  // namespace sockel::efile
