#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/pg/database.h"

namespace sockel::efile {

// A row of instances.
struct InstanceRow {
  std::string tenant;
  std::string parameters_hash;
  bool provisioned = false;  // false: taken back
  absl::Time update_time;
};

// SQL of instances.
class InstanceStore {
 public:
  // Of whatever tenant, for callers bound to all (`*`).
  std::optional<InstanceRow> Find(pg::Transaction& tx, const std::string& instance_id) const;
  // Notes the instance as provisioned in the caller's tenant.
  InstanceRow Upsert(pg::WriteTransaction& tx, const std::string& instance_id,
                     const std::string& parameters_hash) const;
  InstanceRow TakeBack(pg::WriteTransaction& tx, const std::string& instance_id) const;
};

}  // namespace sockel::efile
