#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/paging/page.h"
#include "common/pg/database.h"
#include "services/catalog/names.h"
#include "sockel/catalog/v1/offering.pb.h"

// SQL of offerings and plans. Ids, not names; all rows belong to the provider.
namespace sockel::catalog {

// A plan, and where its offering stands.
struct OfferedPlan {
  v1::Plan plan;
  v1::Offering::State state = v1::Offering::STATE_UNSPECIFIED;
};

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
  paging::Rows<v1::Offering> List(pg::Transaction& tx, const std::string& after, int limit,
                                  Drafts drafts);
  // The offering in state PUBLISHED with its new etag.
  v1::Offering Publish(pg::WriteTransaction& tx, const std::string& offering_id);

  bool InsertPlan(pg::WriteTransaction& tx, const PlanKey& key, v1::Plan& plan);
  std::optional<OfferedPlan> GetPlan(pg::Transaction& tx, const PlanKey& key);
  // At most `limit` with ids after `after`; less when their schemas are larger
  // than a page should be.
  paging::Rows<v1::Plan> ListPlans(pg::Transaction& tx, const std::string& offering_id,
                                   const std::string& after, int limit);
};

}  // namespace sockel::catalog
