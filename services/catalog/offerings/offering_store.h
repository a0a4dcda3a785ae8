#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/pg/database.h"
#include "services/catalog/names.h"
#include "sockel/catalog/v1/offering.pb.h"

// SQL of offerings and plans. Ids, not names; all rows belong to the provider.
namespace sockel::catalog {

class OfferingStore {
 public:
  // False when the id is taken. Fills in the output-only fields.
  bool Insert(pg::WriteTransaction& tx, const std::string& offering_id, v1::Offering& offering);
  // Locks the row until the end of the transaction.
  std::optional<v1::Offering> GetForUpdate(pg::WriteTransaction& tx,
                                           const std::string& offering_id);
  std::optional<v1::Offering> Get(pg::Transaction& tx, const std::string& offering_id);
  // At most `limit` with ids after `after`; drafts only if asked for.
  enum class Drafts { kInclude, kLeaveOut };
  std::vector<v1::Offering> List(pg::Transaction& tx, const std::string& after, int limit,
                                 Drafts drafts);
  // The offering in state PUBLISHED with its new etag.
  v1::Offering Publish(pg::WriteTransaction& tx, const std::string& offering_id);

  bool InsertPlan(pg::WriteTransaction& tx, const PlanKey& key, v1::Plan& plan);
  std::optional<v1::Plan> GetPlan(pg::Transaction& tx, const PlanKey& key);
  std::vector<v1::Plan> ListPlans(pg::Transaction& tx, const std::string& offering_id,
                                  const std::string& after, int limit);
};

}  // namespace sockel::catalog
