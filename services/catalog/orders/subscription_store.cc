#include "services/catalog/orders/subscription_store.h"

#include <map>
#include <nlohmann/json.hpp>

#include "common/clock/timestamp.h"
#include "common/ids/ids.h"
#include "common/pg/rows.h"
#include "services/catalog/names.h"

namespace sockel::catalog {
namespace {

#define SUBSCRIPTION_SELECT                                                \
  "SELECT tenant_id, subscription_id, order_id, plan, beneficiary, state," \
  "  outputs::text AS outputs, create_time FROM subscriptions "

#define PAGE_NEWEST_FIRST                                        \
  "(create_time, subscription_id) < ($1::timestamptz, $2::uuid)" \
  " ORDER BY create_time DESC, subscription_id DESC LIMIT $3::int"

constexpr pg::Query kGet{"subscriptions.get", SUBSCRIPTION_SELECT
                         "WHERE tenant_id = $1::text AND subscription_id = $2::uuid"};

// Two statements, each with an index that has its order.
constexpr pg::Query kList{"subscriptions.list",
                          SUBSCRIPTION_SELECT "WHERE tenant_id = $4::text AND " PAGE_NEWEST_FIRST};
constexpr pg::Query kListOfAll{"subscriptions.list_of_all",
                               SUBSCRIPTION_SELECT "WHERE " PAGE_NEWEST_FIRST};

#undef SUBSCRIPTION_SELECT
#undef PAGE_NEWEST_FIRST

v1::Subscription ToSubscription(const pqxx::row& row) {
  const std::string tenant = row["tenant_id"].as<std::string>();
  v1::Subscription subscription;
  subscription.set_name(SubscriptionName(tenant, row["subscription_id"].as<std::string>()));
  subscription.set_plan(row["plan"].as<std::string>());
  subscription.set_order(OrderName(tenant, row["order_id"].as<std::string>()));
  subscription.set_beneficiary(row["beneficiary"].as<std::string>());
  subscription.set_state(EnumFrom<v1::Subscription::State>(row["state"].as<std::string>()));
  const auto outputs = nlohmann::json::parse(row["outputs"].as<std::string>())
                           .get<std::map<std::string, std::string>>();
  subscription.mutable_outputs()->insert(outputs.begin(), outputs.end());
  *subscription.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  return subscription;
}

}  // namespace

std::optional<v1::Subscription> SubscriptionStore::Get(pg::Transaction& tx, const std::string& id) {
  if (!ids::IsUuid(id)) return std::nullopt;
  const pqxx::result rows = tx.Exec(kGet, tx.caller().tenant, id);
  if (rows.empty()) return std::nullopt;
  return ToSubscription(rows[0]);
}

std::vector<v1::Subscription> SubscriptionStore::List(pg::Transaction& tx,
                                                      const ListPosition& after, int limit) {
  const std::string& tenant = tx.caller().tenant;
  std::vector<v1::Subscription> subscriptions;
  for (const pqxx::row& row : tenant == "*"
                                  ? tx.Exec(kListOfAll, after.create_time, after.id, limit)
                                  : tx.Exec(kList, after.create_time, after.id, limit, tenant)) {
    subscriptions.push_back(ToSubscription(row));
  }
  return subscriptions;
}

}  // namespace sockel::catalog
