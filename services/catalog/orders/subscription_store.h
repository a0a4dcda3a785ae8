#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/pg/database.h"
#include "services/catalog/orders/list_position.h"
#include "sockel/catalog/v1/order.pb.h"

// SQL of subscriptions. They come into being with OrderStore::Complete.
namespace sockel::catalog {

class SubscriptionStore {
 public:
  std::optional<v1::Subscription> Get(pg::Transaction& tx, const std::string& id);
  // Of the bound tenant, or of all when that is `*`. Newest first.
  std::vector<v1::Subscription> List(pg::Transaction& tx, const ListPosition& after, int limit);
};

}  // namespace sockel::catalog
