#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/paging/page.h"
#include "common/pg/database.h"
#include "services/efile/keys/tenant_keys.h"
#include "services/efile/names.h"
#include "sockel/efile/v1/document.pb.h"

// SQL of documents and contents. Ids, not names; rows of the caller's tenant.
namespace sockel::efile {

// A row of contents.
struct ContentRow {
  std::string id;
  std::int64_t size = 0;
  std::string sha256;
  std::string media_type;
  WrappedDataKey key;
};

class DocumentStore {
 public:
  // Files a document with a new content. Nothing when the dossier does not
  // exist or is not open; until the end of the transaction it cannot be closed.
  std::optional<v1::Document> Insert(pg::WriteTransaction& tx, const DocumentKey& key,
                                     const v1::Document& document, const ContentRow& content) const;
  // Files a document with the content of the caller's complete upload for this
  // dossier, which is FILED then and has no key of its own any more. Nothing when
  // dossier or upload are not fit.
  std::optional<v1::Document> InsertFromUpload(pg::WriteTransaction& tx, const DocumentKey& key,
                                               const v1::Document& document,
                                               const std::string& upload_id) const;

  std::optional<v1::Document> Get(pg::Transaction& tx, const DocumentKey& key) const;
  // At most `limit` with ids after `after`; empty = from the first.
  paging::Rows<v1::Document> List(pg::Transaction& tx, const std::string& dossier_id,
                                  const std::string& after, int limit) const;
  std::optional<ContentRow> GetContent(pg::Transaction& tx, const DocumentKey& key) const;
};

}  // namespace sockel::efile
