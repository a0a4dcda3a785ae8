#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/pg/database.h"
#include "services/catalog/provisioning/progress.h"
#include "sockel/catalog/v1/order.pb.h"

// SQL of orders, their steps and subscriptions.
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
  std::vector<Step> steps;
};

// NOTIFYed when an order was approved.
inline constexpr char kWorkChannel[] = "catalog_provisioning";

// Position in a list of newest first; as text `<create time in µs>/<id>`.
struct ListPosition {
  absl::Time create_time = absl::InfiniteFuture();
  std::string id = "ffffffff-ffff-ffff-ffff-ffffffffffff";

  static ListPosition From(const std::string& text);
  std::string ToString() const;
};

class OrderStore {
 public:
  // Adds the order and its steps. `order` holds plan, parameters, price and
  // requester; the rest is filled in.
  void Insert(pg::WriteTransaction& tx, const std::string& order_id, const std::string& beneficiary,
              const std::vector<std::string>& services, v1::Order& order);
  std::optional<v1::Order> Get(pg::Transaction& tx, const std::string& order_id);
  std::optional<v1::Order> GetForUpdate(pg::WriteTransaction& tx, const std::string& order_id);
  // Of the bound tenant, or of all when that is `*`. Newest first.
  std::vector<v1::Order> List(pg::Transaction& tx, const ListPosition& after, int limit);
  // Also wakes the provisioning workers of all replicas.
  void Approve(pg::WriteTransaction& tx, const std::string& order_id,
               const std::string& subscription_id, const std::string& reason);
  void Reject(pg::WriteTransaction& tx, const std::string& order_id, const std::string& reason);

  // Provisioning. Leases one due order of any tenant for `lease`.
  std::optional<Work> Lease(pg::WriteTransaction& tx, absl::Time now, absl::Duration lease);
  // Writes failure and steps. `lease_until` in the past gives the lease up.
  void Save(pg::WriteTransaction& tx, const Work& work, absl::Time next_attempt,
            absl::Time lease_until);
  void Complete(pg::WriteTransaction& tx, const Work& work);
  void Fail(pg::WriteTransaction& tx, const Work& work);

  std::optional<v1::Subscription> GetSubscription(pg::Transaction& tx, const std::string& id);
  std::vector<v1::Subscription> ListSubscriptions(pg::Transaction& tx, const ListPosition& after,
                                                  int limit);
};

}  // namespace sockel::catalog
