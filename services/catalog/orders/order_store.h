#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/paging/page.h"
#include "common/pg/database.h"
#include "services/catalog/orders/list_position.h"
#include "services/catalog/provisioning/progress.h"
#include "sockel/catalog/v1/order.pb.h"

// SQL of orders and their steps.
namespace sockel::catalog {

// An order on its way to a subscription, as the provisioning worker sees it.
struct Work {
  std::string tenant;
  std::string order_id;
  std::string subscription_id;  // also the instance id at the provisioners
  std::string beneficiary;
  std::string plan;
  std::string parameters;  // JSON
  std::string failure;     // not empty: go backwards
  // Of the call that approved it, not of the one that ordered: that is what the
  // provisioning follows from, and it may come weeks later. W3C; may be empty.
  std::string traceparent;
  std::vector<Step> steps;
  // When our lease ends, which is also the proof that it is ours: nobody else's
  // ends at the same time.
  absl::Time lease_until;
};

// NOTIFYed when an order was approved.
inline constexpr char kWorkChannel[] = "catalog_provisioning";

class OrderStore {
 public:
  // Adds the order and its steps. `order` holds plan, parameters, price and
  // who ordered; the rest is filled in.
  void Insert(pg::WriteTransaction& tx, const std::string& order_id, const std::string& beneficiary,
              const std::vector<std::string>& services, v1::Order& order);
  std::optional<v1::Order> Get(pg::Transaction& tx, const std::string& order_id);
  std::optional<v1::Order> GetForUpdate(pg::WriteTransaction& tx, const std::string& order_id);
  // Of the bound tenant, or of all when that is `*`. Newest first. Less than
  // `limit` when their parameters are larger than a page should be.
  paging::Rows<v1::Order> List(pg::Transaction& tx, const ListPosition& after, int limit);
  // Decide about the order that GetForUpdate gave, by the caller, and write the
  // decision into `order` too. Approve also wakes the provisioning workers of
  // all replicas.
  void Approve(pg::WriteTransaction& tx, const std::string& order_id,
               const std::string& subscription_id, const std::string& reason, v1::Order& order);
  void Reject(pg::WriteTransaction& tx, const std::string& order_id, const std::string& reason,
              v1::Order& order);

  // Provisioning. A lease is measured by the database's clock: those of the
  // replicas may differ. Who held one for too long may find that another worker
  // has gone on; its own word then changes nothing any more.

  // Leases one due order of any tenant for `lease`.
  std::optional<Work> Lease(pg::WriteTransaction& tx, absl::Time now, absl::Duration lease);
  // Writes failure and steps, and holds the order for another `lease`; without
  // one, gives it up. Returns Work::lease_until of now on; nothing when the
  // lease was lost.
  std::optional<absl::Time> Save(pg::WriteTransaction& tx, const Work& work,
                                 absl::Time next_attempt, std::optional<absl::Duration> lease);
  // Ends the order, with a subscription or with Work::failure. False when the
  // lease was lost.
  bool Complete(pg::WriteTransaction& tx, const Work& work);
  bool Fail(pg::WriteTransaction& tx, const Work& work);
};

}  // namespace sockel::catalog
