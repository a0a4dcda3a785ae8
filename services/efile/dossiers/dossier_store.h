#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/pg/database.h"
#include "sockel/efile/v1/dossier.pb.h"

// SQL of dossiers and their reference numbers. Ids, not names; rows of the
// caller's tenant.
namespace sockel::efile {

struct NewDossier {
  std::string id;
  std::string code;  // file plan entry
  int year = 0;      // of the reference number
  std::string subject;
  v1::Dossier::Confidentiality confidentiality = v1::Dossier::INTERNAL;
};

// Which dossiers, from where, in which direction.
struct DossierQuery {
  std::optional<v1::Dossier::State> state;
  std::optional<std::string> code;
  enum class Order { kNewestFirst, kOldestFirst } order = Order::kNewestFirst;
  // Id of the last one of the page before; empty for the first page.
  std::string after;
  int limit = 50;
};

struct FiledDocuments {
  std::int64_t count = 0;
  // create_time of the newest.
  absl::Time newest = absl::InfinitePast();
};

struct UnfinishedUploads {
  std::vector<std::string> names;
  std::int64_t count = 0;  // of all, those without name here included
};

class DossierStore {
 public:
  // Takes the next reference number of the entry and year, and inserts the
  // dossier with the entry's retention. Nothing when the entry does not exist
  // or is retired; then no number was taken.
  std::optional<v1::Dossier> Insert(pg::WriteTransaction& tx, const NewDossier& dossier) const;

  std::optional<v1::Dossier> Get(pg::Transaction& tx, const std::string& id) const;
  // Locks the row until the end of the transaction: waits for documents and
  // uploads that are being added, and holds up further ones.
  std::optional<v1::Dossier> GetForUpdate(pg::WriteTransaction& tx, const std::string& id) const;

  std::vector<v1::Dossier> List(pg::Transaction& tx, const DossierQuery& query) const;
  std::optional<v1::Dossier> GetByReference(pg::Transaction& tx,
                                            const std::string& reference) const;

  // Writes subject and confidentiality. The dossier with its new etag.
  v1::Dossier Update(pg::WriteTransaction& tx, const std::string& id,
                     const v1::Dossier& dossier) const;
  v1::Dossier Close(pg::WriteTransaction& tx, const std::string& id, absl::Time time,
                    std::optional<absl::CivilDay> retention_end) const;

  // Of the dossier. Exact while its row is locked (GetForUpdate).
  FiledDocuments DocumentsOf(pg::Transaction& tx, const std::string& id) const;

  // The dossier's uploads that are neither filed nor given up; names of at most
  // `most` of them.
  UnfinishedUploads ListUnfinishedUploads(pg::Transaction& tx, const std::string& id,
                                          int most) const;
};

}  // namespace sockel::efile
