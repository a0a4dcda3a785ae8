#include "services/efile/documents/documents.h"

#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "common/paging/page.h"
#include "services/efile/content/content_reader.h"
#include "services/efile/content/content_writer.h"
#include "services/efile/documents/download.h"
#include "services/efile/documents/rules.h"
#include "services/efile/dossiers/dossiers.h"

namespace sockel::efile {
namespace {

void Record(pg::WriteTransaction& tx, const v1::Document& document) {
  const v1::Content& content = document.content();
  ledger::Append(tx, {.resource = document.name(),
                      .details = {{"sha256", ids::ToHex(content.sha256())},
                                  {"size", std::to_string(content.size())}}});
  events::Emit(tx, {.type = "efile.document.created",
                    .resource = document.name(),
                    .attributes = {{"media_type", content.media_type()}}});
}

// Whether our own transaction refused, so that certainly nothing was committed.
// Any other failure may stand for a COMMIT whose answer was lost.
bool IsRefusal(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsFailedPrecondition(status);
}

}  // namespace

absl::StatusOr<v1::Document> Documents::Create(const Caller& caller,
                                               const v1::CreateDocumentRequest& request) {
  const auto dossier_id = DossierIdIn(caller, request.parent());
  if (!dossier_id) return error::NotFound(request.parent());
  absl::Status valid = CheckDocument(request.document());
  if (!valid.ok()) return valid;
  const DocumentKey key{*dossier_id, ids::NewUuidV7(clock_.Now())};
  switch (request.source_case()) {
    case v1::CreateDocumentRequest::kInlineContent:
      return CreateInline(caller, key, request);
    case v1::CreateDocumentRequest::kUpload:
      if (request.upload().empty()) break;  // names none
      return CreateFromUpload(caller, key, request);
    case v1::CreateDocumentRequest::SOURCE_NOT_SET:
      break;
  }
  return error::InvalidField("inline_content", "give the content inline or as an upload");
}

// The bytes are on stable storage before the transaction begins, so that it
// holds no lock while the disk works. When it then certainly did not happen, they
// go at once; when that is not certain, OrphanSweep finds out.
absl::StatusOr<v1::Document> Documents::CreateInline(const Caller& caller, const DocumentKey& key,
                                                     const v1::CreateDocumentRequest& request) {
  const std::string& bytes = request.inline_content();
  const ContentId id{caller.tenant, key.document_id};
  absl::StatusOr<NewDataKey> data_key = storage_.keys.NewContentKey(caller, id.id);
  if (!data_key.ok()) return data_key.status();
  const absl::Status written = WriteContent(storage_.store, id, data_key->key, bytes);
  const ContentRow content{.id = id.id,
                           .size = static_cast<std::int64_t>(bytes.size()),
                           .sha256 = Sha256Of(bytes),
                           .media_type = storage_.media_types.Of(bytes),
                           .key = data_key->stored};
  absl::StatusOr<v1::Document> document = db_.Write(
      caller, "documents.create", [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Document> {
        if (!written.ok()) return written;  // the answer, unless there is a first one
        auto created = store_.Insert(tx, key, request.document(), content);
        if (!created) return WhyNotFiled(tx, key.dossier_id);
        Record(tx, *created);
        return *created;
      });
  // A repeated request got its first answer, about another content: its record
  // kept this one from being committed.
  const bool unwanted =
      document.ok()
          ? document->name() != DocumentName(caller.tenant, key.dossier_id, key.document_id)
          : IsRefusal(document.status());
  if (unwanted) storage_.store.Remove(id).IgnoreError();
  return document;
}

absl::StatusOr<v1::Document> Documents::CreateFromUpload(const Caller& caller,
                                                         const DocumentKey& key,
                                                         const v1::CreateDocumentRequest& request) {
  const auto upload_id = UploadIdIn(caller, request.upload());
  if (!upload_id) return error::NotFound(request.upload());
  return db_.Write(caller, "documents.create_from_upload",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Document> {
                     auto created =
                         store_.InsertFromUpload(tx, key, request.document(), *upload_id);
                     if (!created) return WhyNotFiledFrom(tx, key.dossier_id, *upload_id);
                     Record(tx, *created);
                     return *created;
                   });
}

absl::Status Documents::WhyNotFiled(pg::Transaction& tx, const std::string& dossier_id) const {
  const std::string name = DossierName(tx.caller().tenant, dossier_id);
  const auto dossier = dossiers_.Get(tx, dossier_id);
  if (!dossier) return error::NotFound(name);
  if (dossier->state() != v1::Dossier::OPEN) return DossierClosed(name);
  return error::Internal("an open dossier took no document");
}

absl::Status Documents::WhyNotFiledFrom(pg::Transaction& tx, const std::string& dossier_id,
                                        const std::string& upload_id) const {
  const std::string& tenant = tx.caller().tenant;
  const auto dossier = dossiers_.Get(tx, dossier_id);
  if (!dossier) return error::NotFound(DossierName(tenant, dossier_id));
  if (dossier->state() != v1::Dossier::OPEN) return DossierClosed(dossier->name());
  const auto row = uploads_.Get(tx, upload_id);
  if (!row) return error::NotFound(UploadName(tenant, upload_id));
  if (row->upload.dossier() != dossier->name()) {
    return error::InvalidField("upload", "must be an upload for this dossier");
  }
  return error::FailedPrecondition("UPLOAD_STATE_INVALID",
                                   "Only a complete upload can be filed, and only once.",
                                   {{"state", v1::Upload::State_Name(row->upload.state())}});
}

absl::StatusOr<v1::Document> Documents::Get(const Caller& caller,
                                            const v1::GetDocumentRequest& request) {
  const auto key = DocumentKeyIn(caller, request.name());
  if (!key) return error::NotFound(request.name());
  return db_.Read(caller, "documents.get",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::Document> {
                    auto document = store_.Get(tx, *key);
                    if (document) return *document;
                    return error::NotFound(request.name());
                  });
}

absl::StatusOr<v1::ListDocumentsResponse> Documents::List(const Caller& caller,
                                                          const v1::ListDocumentsRequest& request) {
  const auto dossier_id = DossierIdIn(caller, request.parent());
  if (!dossier_id) return error::NotFound(request.parent());
  absl::StatusOr<std::string> after = tokens_.Read(caller, request);
  if (!after.ok()) return after.status();
  const int limit = paging::PageSize(request.page_size());
  return db_.Read(
      caller, "documents.list",
      [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListDocumentsResponse> {
        v1::ListDocumentsResponse response;
        auto found = store_.List(tx, *dossier_id, *after, limit + 1);
        if (paging::Fill(std::move(found), limit, *response.mutable_documents())) {
          const auto last = DocumentKeyIn(caller, response.documents().rbegin()->name());
          response.set_next_page_token(tokens_.Make(caller, request, last->document_id));
        }
        if (response.documents().empty() && !dossiers_.Get(tx, *dossier_id)) {
          return error::NotFound(request.parent());
        }
        return response;
      });
}

rpc::SourceOr<v1::DownloadContentResponse> Documents::Download(
    const Caller& caller, const v1::DownloadContentRequest& request) {
  const auto key = DocumentKeyIn(caller, request.name());
  if (!key) return error::NotFound(request.name());
  ByteRange range;
  absl::StatusOr<ContentRow> content = db_.Write(
      caller, "documents.download", [&](pg::WriteTransaction& tx) -> absl::StatusOr<ContentRow> {
        auto found = store_.GetContent(tx, *key);
        if (!found) return error::NotFound(request.name());
        auto wanted = RangeOf(request.offset(), request.length(), found->size);
        if (!wanted.ok()) return wanted.status();
        range = *wanted;
        ledger::Append(tx,
                       {.resource = DocumentName(caller.tenant, key->dossier_id, key->document_id),
                        .details = {{"sha256", ids::ToHex(found->sha256)},
                                    {"begin", std::to_string(range.begin)},
                                    {"end", std::to_string(range.end)}}});
        return *std::move(found);
      });
  if (!content.ok()) return content.status();
  absl::StatusOr<Key> data_key = storage_.keys.Open(caller, content->id, content->key);
  if (!data_key.ok()) return data_key.status();
  auto reader =
      ContentReader::Open(storage_.store, {caller.tenant, content->id}, *data_key, content->size);
  if (!reader.ok()) return reader.status();
  return NewDownload(*content, range, *std::move(reader));
}

}  // namespace sockel::efile
