#pragma once

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/clock/clock.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "common/rpc/stream.h"
#include "services/efile/documents/document_store.h"
#include "services/efile/dossiers/dossier_store.h"
#include "services/efile/storage.h"
#include "services/efile/uploads/upload_store.h"

namespace sockel::efile {

// Use cases of documents; errors as documented in document.proto.
class Documents {
 public:
  Documents(pg::Database& db, const paging::Tokens& tokens, const Clock& clock, Storage storage)
      : db_(db), tokens_(tokens), clock_(clock), storage_(storage) {}

  absl::StatusOr<v1::Document> Create(const Caller& caller,
                                      const v1::CreateDocumentRequest& request);
  absl::StatusOr<v1::Document> Get(const Caller& caller, const v1::GetDocumentRequest& request);
  absl::StatusOr<v1::ListDocumentsResponse> List(const Caller& caller,
                                                 const v1::ListDocumentsRequest& request);
  rpc::SourceOr<v1::DownloadContentResponse> Download(const Caller& caller,
                                                      const v1::DownloadContentRequest& request);

 private:
  absl::StatusOr<v1::Document> CreateInline(const Caller& caller, const DocumentKey& key,
                                            const v1::CreateDocumentRequest& request);
  absl::StatusOr<v1::Document> CreateFromUpload(const Caller& caller, const DocumentKey& key,
                                                const v1::CreateDocumentRequest& request);
  // Why an insert found nothing to insert into.
  absl::Status WhyNotFiled(pg::Transaction& tx, const std::string& dossier_id) const;
  absl::Status WhyNotFiledFrom(pg::Transaction& tx, const std::string& dossier_id,
                               const std::string& upload_id) const;

  pg::Database& db_;
  const paging::Tokens& tokens_;
  const Clock& clock_;
  const Storage storage_;
  DocumentStore store_;
  DossierStore dossiers_;
  UploadStore uploads_;
};

}  // namespace sockel::efile
