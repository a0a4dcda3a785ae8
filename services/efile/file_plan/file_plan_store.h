#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/pg/database.h"
#include "sockel/efile/v1/file_plan.pb.h"

// SQL of file plan entries. Codes, not names; rows of the caller's tenant.
namespace sockel::efile {

class FilePlanStore {
 public:
  // The entry as stored; nothing when the code is taken.
  std::optional<v1::FilePlanEntry> Insert(pg::WriteTransaction& tx, const std::string& code,
                                          const v1::FilePlanEntry& entry) const;
  std::optional<v1::FilePlanEntry> Get(pg::Transaction& tx, const std::string& code) const;
  // Locks the row until the end of the transaction.
  std::optional<v1::FilePlanEntry> GetForUpdate(pg::WriteTransaction& tx,
                                                const std::string& code) const;
  // At most `limit` with codes after `after`.
  std::vector<v1::FilePlanEntry> List(pg::Transaction& tx, const std::string& after,
                                      int limit) const;
  // The entry in state RETIRED with its new etag.
  v1::FilePlanEntry Retire(pg::WriteTransaction& tx, const std::string& code) const;
};

}  // namespace sockel::efile
