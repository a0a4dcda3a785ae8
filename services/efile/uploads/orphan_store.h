#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/pg/database.h"

// SQL that compares the content store with the database. Rows of the caller's
// tenant.
namespace sockel::efile {

class OrphanStore {
 public:
  // Those of the ids that are content neither of a document nor of an upload
  // whose bytes may still be wanted.
  std::vector<std::string> ListOrphans(pg::Transaction& tx,
                                       const std::vector<std::string>& ids) const;
  // How many contents the tenant's documents have; `most` for that or more.
  std::int64_t CountContents(pg::Transaction& tx, std::int64_t most) const;
};

}  // namespace sockel::efile
