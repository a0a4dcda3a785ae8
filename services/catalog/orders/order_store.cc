#include "services/catalog/orders/order_store.h"

#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/ids/ids.h"
#include "common/pg/rows.h"
#include "services/catalog/names.h"
#include "services/catalog/parameters.h"

namespace sockel::catalog {
namespace {

using nlohmann::json;

// Steps come with their order as one JSON value: no query in a loop.
#define ORDER_SELECT                                                                            \
  "SELECT o.tenant_id, o.order_id, o.plan, o.parameters::text AS parameters, o.price_currency," \
  "  o.price_units, o.price_nanos, o.state, o.requester, o.decider, o.decision_reason,"         \
  "  o.decision_time, o.failure, o.beneficiary, o.subscription_id, o.revision, o.create_time,"  \
  "  o.update_time, (SELECT coalesce(json_agg(json_build_object('service', s.service,"          \
  "    'state', s.state, 'attempts', s.attempts, 'error', s.error, 'outputs', s.outputs)"       \
  "    ORDER BY s.position), '[]')::text FROM order_steps s"                                    \
  "    WHERE s.tenant_id = o.tenant_id AND s.order_id = o.order_id) AS steps FROM orders o "

constexpr pg::Query kInsert{
    "orders.insert",
    "WITH made AS (INSERT INTO orders (tenant_id, order_id, plan, parameters, price_currency,"
    "    price_units, price_nanos, state, requester, beneficiary, create_time, update_time,"
    "    next_attempt)"
    "  VALUES ($1::text, $2::uuid, $3::text, $4::jsonb, $5::text, $6::bigint, $7::int, 'SUBMITTED',"
    "    $8::text, $9::text, $10::timestamptz, $10::timestamptz, $10::timestamptz)"
    "  RETURNING tenant_id, order_id)"
    " INSERT INTO order_steps (tenant_id, order_id, position, service, state)"
    " SELECT made.tenant_id, made.order_id, step.position, step.service, 'PENDING'"
    " FROM made, unnest($11::text[]) WITH ORDINALITY AS step(service, position)"};

constexpr pg::Query kGet{"orders.get",
                         ORDER_SELECT "WHERE o.tenant_id = $1::text AND o.order_id = $2::uuid"};

constexpr pg::Query kGetForUpdate{
    "orders.get_for_update",
    ORDER_SELECT "WHERE o.tenant_id = $1::text AND o.order_id = $2::uuid FOR UPDATE OF o"};

constexpr pg::Query kList{"orders.list", ORDER_SELECT
                          "WHERE ($1::text = '*' OR o.tenant_id = $1::text)"
                          " AND (o.create_time, o.order_id) < ($2::timestamptz, $3::uuid)"
                          " ORDER BY o.create_time DESC, o.order_id DESC LIMIT $4::int"};

constexpr pg::Query kApprove{
    "orders.approve",
    "UPDATE orders SET state = 'PROVISIONING', subscription_id = $3::uuid, decider = $4::text,"
    "  decision_reason = $5::text, decision_time = $6::timestamptz, update_time = $6::timestamptz,"
    "  next_attempt = $6::timestamptz, revision = revision + 1"
    " WHERE tenant_id = $1::text AND order_id = $2::uuid"};

constexpr pg::Query kNotifyWork{"orders.notify_work", "SELECT pg_notify($1::text, '')"};

constexpr pg::Query kReject{
    "orders.reject",
    "UPDATE orders SET state = 'REJECTED', decider = $3::text, decision_reason = $4::text,"
    "  decision_time = $5::timestamptz, update_time = $5::timestamptz, revision = revision + 1"
    " WHERE tenant_id = $1::text AND order_id = $2::uuid"};

constexpr pg::Query kLease{
    "orders.lease",
    "WITH due AS (SELECT tenant_id, order_id FROM orders WHERE state = 'PROVISIONING'"
    "    AND next_attempt <= $1::timestamptz AND lease_until <= $1::timestamptz"
    "    ORDER BY next_attempt LIMIT 1 FOR UPDATE SKIP LOCKED),"
    "  leased AS (UPDATE orders o SET lease_until = $2::timestamptz FROM due"
    "    WHERE o.tenant_id = due.tenant_id AND o.order_id = due.order_id RETURNING "
    "o.*) " ORDER_SELECT "JOIN leased USING (tenant_id, order_id)"};

// Only the holder of an order's lease writes its steps.
constexpr pg::Query kSave{
    "orders.save_progress",
    "WITH saved AS (UPDATE orders SET next_attempt = $3::timestamptz, failure = $4::text,"
    "    lease_until = $7::timestamptz, update_time = $5::timestamptz, revision = revision + 1"
    "    WHERE tenant_id = $1::text AND order_id = $2::uuid)"
    " UPDATE order_steps s SET state = n.value->>'state', attempts = (n.value->>'attempts')::int,"
    "   error = n.value->>'error', outputs = n.value->'outputs'"
    " FROM jsonb_array_elements($6::jsonb) WITH ORDINALITY AS n(value, position)"
    " WHERE s.tenant_id = $1::text AND s.order_id = $2::uuid AND s.position = n.position"};

constexpr pg::Query kComplete{
    "orders.complete",
    "WITH done AS (UPDATE orders SET state = 'COMPLETED', update_time = $3::timestamptz,"
    "    revision = revision + 1 WHERE tenant_id = $1::text AND order_id = $2::uuid"
    "    RETURNING tenant_id, order_id, subscription_id, plan, beneficiary)"
    " INSERT INTO subscriptions (tenant_id, subscription_id, order_id, plan, beneficiary, state,"
    "   outputs, create_time)"
    " SELECT tenant_id, subscription_id, order_id, plan, beneficiary, 'ACTIVE', $4::jsonb,"
    "   $3::timestamptz FROM done"};

constexpr pg::Query kFail{"orders.fail",
                          "UPDATE orders SET state = 'FAILED', update_time = $3::timestamptz,"
                          "  revision = revision + 1"
                          " WHERE tenant_id = $1::text AND order_id = $2::uuid"};

#define SUBSCRIPTION_SELECT                                                \
  "SELECT tenant_id, subscription_id, order_id, plan, beneficiary, state," \
  "  outputs::text AS outputs, create_time FROM subscriptions "

constexpr pg::Query kGetSubscription{"subscriptions.get", SUBSCRIPTION_SELECT
                                     "WHERE tenant_id = $1::text AND subscription_id = $2::uuid"};

constexpr pg::Query kListSubscriptions{
    "subscriptions.list", SUBSCRIPTION_SELECT
    "WHERE ($1::text = '*' OR tenant_id = $1::text)"
    " AND (create_time, subscription_id) < ($2::timestamptz, $3::uuid)"
    " ORDER BY create_time DESC, subscription_id DESC LIMIT $4::int"};

#undef ORDER_SELECT
#undef SUBSCRIPTION_SELECT

std::vector<Step> StepsFrom(const std::string& text) {
  std::vector<Step> steps;
  for (const json& item : json::parse(text)) {
    steps.push_back({.service = item.at("service").get<std::string>(),
                     .state = StepStateFrom(item.at("state").get<std::string>()),
                     .attempts = item.at("attempts").get<int>(),
                     .error = item.at("error").get<std::string>(),
                     .outputs = item.at("outputs").get<std::map<std::string, std::string>>()});
  }
  return steps;
}

std::string ToJson(const std::vector<Step>& steps) {
  json items = json::array();
  for (const Step& step : steps) {
    items.push_back({{"state", std::string(ToString(step.state))},
                     {"attempts", step.attempts},
                     {"error", step.error},
                     {"outputs", step.outputs}});
  }
  return items.dump();
}

void AddStep(const Step& step, v1::Order& order) {
  v1::StepStatus* status = order.add_steps();
  status->set_service(step.service);
  status->set_state(EnumFrom<v1::StepStatus::State>(std::string(ToString(step.state))));
  status->set_attempts(step.attempts);
  status->set_error(step.error);
  status->mutable_outputs()->insert(step.outputs.begin(), step.outputs.end());
}

v1::Order ToOrder(const pqxx::row& row) {
  const std::string tenant = row["tenant_id"].as<std::string>();
  v1::Order order;
  order.set_name(OrderName(tenant, row["order_id"].as<std::string>()));
  order.set_plan(row["plan"].as<std::string>());
  auto parameters = StructFromJson(row["parameters"].as<std::string>());
  if (parameters.ok()) *order.mutable_parameters() = *std::move(parameters);
  *order.mutable_monthly_price() = PriceFrom(row);
  order.set_state(EnumFrom<v1::Order::State>(row["state"].as<std::string>()));
  order.set_requester(row["requester"].as<std::string>());
  if (!row["decision_time"].is_null()) {
    order.mutable_decision()->set_decider(row["decider"].as<std::string>());
    order.mutable_decision()->set_reason(row["decision_reason"].as<std::string>());
    *order.mutable_decision()->mutable_time() = ToTimestamp(pg::GetTime(row["decision_time"]));
  }
  for (const Step& step : StepsFrom(row["steps"].as<std::string>())) AddStep(step, order);
  order.set_failure(row["failure"].as<std::string>());
  if (order.state() == v1::Order::COMPLETED) {
    order.set_subscription(SubscriptionName(tenant, row["subscription_id"].as<std::string>()));
  }
  order.set_etag(row["revision"].as<std::string>());
  *order.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  *order.mutable_update_time() = ToTimestamp(pg::GetTime(row["update_time"]));
  return order;
}

Work ToWork(const pqxx::row& row) {
  return {.tenant = row["tenant_id"].as<std::string>(),
          .order_id = row["order_id"].as<std::string>(),
          .subscription_id = row["subscription_id"].as<std::string>(),
          .beneficiary = row["beneficiary"].as<std::string>(),
          .plan = row["plan"].as<std::string>(),
          .parameters = row["parameters"].as<std::string>(),
          .failure = row["failure"].as<std::string>(),
          .steps = StepsFrom(row["steps"].as<std::string>())};
}

v1::Subscription ToSubscription(const pqxx::row& row) {
  const std::string tenant = row["tenant_id"].as<std::string>();
  v1::Subscription subscription;
  subscription.set_name(SubscriptionName(tenant, row["subscription_id"].as<std::string>()));
  subscription.set_plan(row["plan"].as<std::string>());
  subscription.set_order(OrderName(tenant, row["order_id"].as<std::string>()));
  subscription.set_beneficiary(row["beneficiary"].as<std::string>());
  subscription.set_state(EnumFrom<v1::Subscription::State>(row["state"].as<std::string>()));
  for (const auto& [key, value] :
       json::parse(row["outputs"].as<std::string>()).get<std::map<std::string, std::string>>()) {
    (*subscription.mutable_outputs())[key] = value;
  }
  *subscription.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  return subscription;
}

// `identity.tenant` → `tenants/smi`, from all steps.
std::string AllOutputs(const std::vector<Step>& steps) {
  json outputs = json::object();
  for (const Step& step : steps) {
    for (const auto& [role, name] : step.outputs) outputs[step.service + "." + role] = name;
  }
  return outputs.dump();
}

}  // namespace

ListPosition ListPosition::From(const std::string& text) {
  ListPosition position;
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  int64_t micros = 0;
  if (absl::SimpleAtoi(parts.first, &micros)) {
    position.create_time = absl::FromUnixMicros(micros);
    position.id = parts.second;
  }
  return position;
}

std::string ListPosition::ToString() const {
  return absl::StrCat(absl::ToUnixMicros(create_time), "/", id);
}

void OrderStore::Insert(pg::WriteTransaction& tx, const std::string& order_id,
                        const std::string& beneficiary, const std::vector<std::string>& services,
                        v1::Order& order) {
  const google::type::Money& price = order.monthly_price();
  tx.Exec(kInsert, tx.caller().tenant, order_id, order.plan(), catalog::ToJson(order.parameters()),
          price.currency_code(), price.units(), price.nanos(), order.requester(), beneficiary,
          tx.time(), services);
  order = *Get(tx, order_id);
}

std::optional<v1::Order> OrderStore::Get(pg::Transaction& tx, const std::string& order_id) {
  if (!ids::IsUuid(order_id)) return std::nullopt;
  const pqxx::result rows = tx.Exec(kGet, tx.caller().tenant, order_id);
  if (rows.empty()) return std::nullopt;
  return ToOrder(rows[0]);
}

std::optional<v1::Order> OrderStore::GetForUpdate(pg::WriteTransaction& tx,
                                                  const std::string& order_id) {
  if (!ids::IsUuid(order_id)) return std::nullopt;
  const pqxx::result rows = tx.Exec(kGetForUpdate, tx.caller().tenant, order_id);
  if (rows.empty()) return std::nullopt;
  return ToOrder(rows[0]);
}

std::vector<v1::Order> OrderStore::List(pg::Transaction& tx, const ListPosition& after, int limit) {
  std::vector<v1::Order> orders;
  for (const pqxx::row& row :
       tx.Exec(kList, tx.caller().tenant, after.create_time, after.id, limit)) {
    orders.push_back(ToOrder(row));
  }
  return orders;
}

void OrderStore::Approve(pg::WriteTransaction& tx, const std::string& order_id,
                         const std::string& subscription_id, const std::string& reason) {
  tx.Exec(kApprove, tx.caller().tenant, order_id, subscription_id, tx.caller().subject, reason,
          tx.time());
  tx.ExecAtCommit(kNotifyWork, std::string(kWorkChannel));
}

void OrderStore::Reject(pg::WriteTransaction& tx, const std::string& order_id,
                        const std::string& reason) {
  tx.Exec(kReject, tx.caller().tenant, order_id, tx.caller().subject, reason, tx.time());
}

std::optional<Work> OrderStore::Lease(pg::WriteTransaction& tx, absl::Time now,
                                      absl::Duration lease) {
  const pqxx::result rows = tx.Exec(kLease, now, now + lease);
  if (rows.empty()) return std::nullopt;
  return ToWork(rows[0]);
}

void OrderStore::Save(pg::WriteTransaction& tx, const Work& work, absl::Time next_attempt,
                      absl::Time lease_until) {
  tx.Exec(kSave, work.tenant, work.order_id, next_attempt, work.failure, tx.time(),
          ToJson(work.steps), lease_until);
}

void OrderStore::Complete(pg::WriteTransaction& tx, const Work& work) {
  tx.Exec(kComplete, work.tenant, work.order_id, tx.time(), AllOutputs(work.steps));
}

void OrderStore::Fail(pg::WriteTransaction& tx, const Work& work) {
  tx.Exec(kFail, work.tenant, work.order_id, tx.time());
}

std::optional<v1::Subscription> OrderStore::GetSubscription(pg::Transaction& tx,
                                                            const std::string& id) {
  if (!ids::IsUuid(id)) return std::nullopt;
  const pqxx::result rows = tx.Exec(kGetSubscription, tx.caller().tenant, id);
  if (rows.empty()) return std::nullopt;
  return ToSubscription(rows[0]);
}

std::vector<v1::Subscription> OrderStore::ListSubscriptions(pg::Transaction& tx,
                                                            const ListPosition& after, int limit) {
  std::vector<v1::Subscription> subscriptions;
  for (const pqxx::row& row :
       tx.Exec(kListSubscriptions, tx.caller().tenant, after.create_time, after.id, limit)) {
    subscriptions.push_back(ToSubscription(row));
  }
  return subscriptions;
}

}  // namespace sockel::catalog
