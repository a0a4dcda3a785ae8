#include "services/catalog/orders/order_store.h"

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>

#include "common/clock/timestamp.h"
#include "common/ids/ids.h"
#include "common/pg/rows.h"
#include "common/trace/traceparent.h"
#include "services/catalog/names.h"
#include "services/catalog/parameters.h"

namespace sockel::catalog {
namespace {

using nlohmann::json;

// Steps come with their order as one JSON value: no query in a loop.
#define ORDER_COLUMNS                                                                     \
  "o.tenant_id, o.order_id, o.plan, o.parameters::text AS parameters, o.price_currency,"  \
  "  o.price_units, o.price_nanos, o.state, o.requester, o.on_behalf_of, o.decider,"      \
  "  o.decision_reason, o.decision_time, o.failure, o.beneficiary, o.subscription_id,"    \
  "  o.revision, o.create_time, o.update_time, o.lease_until, o.traceparent,"             \
  "  (SELECT coalesce(json_agg(json_build_object('service', s.service, 'state', s.state," \
  "    'attempts', s.attempts, 'start_time', s.start_time, 'error', s.error,"             \
  "    'outputs', s.outputs) ORDER BY s.position), '[]')::text FROM order_steps s"        \
  "    WHERE s.tenant_id = o.tenant_id AND s.order_id = o.order_id) AS steps"

constexpr pg::Query kInsert{
    "orders.insert",
    "WITH made AS (INSERT INTO orders (tenant_id, order_id, plan, parameters, price_currency,"
    "    price_units, price_nanos, state, requester, on_behalf_of, beneficiary, create_time,"
    "    update_time, next_attempt)"
    "  VALUES ($1::text, $2::uuid, $3::text, $4::jsonb, $5::text, $6::bigint, $7::int, 'SUBMITTED',"
    "    $8::text, $12::text, $9::text, $10::timestamptz, $10::timestamptz, $10::timestamptz)"
    "  RETURNING tenant_id, order_id)"
    " INSERT INTO order_steps (tenant_id, order_id, position, service, state)"
    " SELECT made.tenant_id, made.order_id, step.position, step.service, 'PENDING'"
    " FROM made, unnest($11::text[]) WITH ORDINALITY AS step(service, position)"};

constexpr pg::Query kGet{"orders.get", "SELECT " ORDER_COLUMNS
                                       " FROM orders o"
                                       " WHERE o.tenant_id = $1::text AND o.order_id = $2::uuid"};

constexpr pg::Query kGetForUpdate{"orders.get_for_update",
                                  "SELECT " ORDER_COLUMNS
                                  " FROM orders o"
                                  " WHERE o.tenant_id = $1::text AND o.order_id = $2::uuid"
                                  " FOR UPDATE OF o"};

// Parameters beyond a page's size stay in the database: a thousand orders may
// hold more of them than a process has memory. `candidates` tells of them.
#define PAGE_OF_ORDERS(CONDITION)                                             \
  "SELECT " ORDER_COLUMNS                                                     \
  ", o.candidates FROM ("                                                     \
  "  SELECT page.*, sum(bytes) OVER newest_first - bytes AS bytes_before,"    \
  "    count(*) OVER () AS candidates"                                        \
  "  FROM (SELECT *, octet_length(parameters::text) AS bytes FROM orders"     \
  "    WHERE " CONDITION                                                      \
  " (create_time, order_id) < ($1::timestamptz, $2::uuid)"                    \
  "    ORDER BY create_time DESC, order_id DESC LIMIT $3::int) AS page"       \
  "  WINDOW newest_first AS (ORDER BY create_time DESC, order_id DESC)) AS o" \
  " WHERE o.bytes_before < $4::bigint ORDER BY o.create_time DESC, o.order_id DESC"

// Two statements, each with an index that has its order.
constexpr pg::Query kList{"orders.list", PAGE_OF_ORDERS("tenant_id = $5::text AND")};
constexpr pg::Query kListOfAll{"orders.list_of_all", PAGE_OF_ORDERS("")};

constexpr pg::Query kApprove{
    "orders.approve",
    "UPDATE orders SET state = 'PROVISIONING', subscription_id = $3::uuid, decider = $4::text,"
    "  decision_reason = $5::text, decision_time = $6::timestamptz, update_time = $6::timestamptz,"
    "  next_attempt = $6::timestamptz, traceparent = $7::text, revision = revision + 1"
    " WHERE tenant_id = $1::text AND order_id = $2::uuid RETURNING revision"};

constexpr pg::Query kNotifyWork{"orders.notify_work", "SELECT pg_notify($1::text, '')"};

constexpr pg::Query kReject{
    "orders.reject",
    "UPDATE orders SET state = 'REJECTED', decider = $3::text, decision_reason = $4::text,"
    "  decision_time = $5::timestamptz, update_time = $5::timestamptz, revision = revision + 1"
    " WHERE tenant_id = $1::text AND order_id = $2::uuid RETURNING revision"};

// What the order holds is read afterwards: this statement's snapshot may be
// older than the row that it locked.
constexpr pg::Query kLease{
    "orders.lease",
    "WITH due AS (SELECT tenant_id, order_id FROM orders WHERE state = 'PROVISIONING'"
    "    AND next_attempt <= $1::timestamptz AND lease_until <= clock_timestamp()"
    "    ORDER BY next_attempt LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " UPDATE orders o"
    " SET lease_until = clock_timestamp() + make_interval(secs => $2::double precision) FROM due"
    " WHERE o.tenant_id = due.tenant_id AND o.order_id = due.order_id"
    " RETURNING o.tenant_id, o.order_id"};

#define LEASED_BY_US                                                               \
  " WHERE tenant_id = $1::text AND order_id = $2::uuid AND state = 'PROVISIONING'" \
  "   AND lease_until = $3::timestamptz"

constexpr pg::Query kSave{
    "orders.save_progress",
    "WITH saved AS (UPDATE orders SET next_attempt = $4::timestamptz, failure = $5::text,"
    "    update_time = $6::timestamptz, revision = revision + 1, lease_until = coalesce("
    "      clock_timestamp() + make_interval(secs => $8::double precision), "
    "'-infinity')" LEASED_BY_US
    "    RETURNING lease_until),"
    "  written AS (UPDATE order_steps s SET state = n.value->>'state',"
    "    attempts = (n.value->>'attempts')::int, error = n.value->>'error',"
    "    start_time = (n.value->>'start_time')::timestamptz, outputs = n.value->'outputs'"
    "    FROM saved, jsonb_array_elements($7::jsonb) WITH ORDINALITY AS n(value, position)"
    "    WHERE s.tenant_id = $1::text AND s.order_id = $2::uuid AND s.position = n.position)"
    " SELECT lease_until FROM saved"};

constexpr pg::Query kComplete{
    "orders.complete",
    "WITH done AS (UPDATE orders SET state = 'COMPLETED', update_time = $4::timestamptz,"
    "    revision = revision + 1, lease_until = '-infinity'" LEASED_BY_US
    "    RETURNING tenant_id, order_id, subscription_id, plan, beneficiary)"
    " INSERT INTO subscriptions (tenant_id, subscription_id, order_id, plan, beneficiary, state,"
    "   outputs, create_time)"
    " SELECT tenant_id, subscription_id, order_id, plan, beneficiary, 'ACTIVE', $5::jsonb,"
    "   $4::timestamptz FROM done RETURNING subscription_id"};

constexpr pg::Query kFail{"orders.fail",
                          "UPDATE orders SET state = 'FAILED', update_time = $4::timestamptz,"
                          "  failure = $5::text, revision = revision + 1,"
                          "  lease_until = '-infinity'" LEASED_BY_US " RETURNING order_id"};

#undef ORDER_COLUMNS
#undef PAGE_OF_ORDERS
#undef LEASED_BY_US

std::optional<absl::Time> TimeFrom(const json& value) {
  absl::Time time;
  if (!value.is_string() ||
      !absl::ParseTime(absl::RFC3339_full, value.get<std::string>(), &time, nullptr)) {
    return std::nullopt;
  }
  return time;
}

json ToJson(const std::optional<absl::Time>& time) {
  if (!time.has_value()) return nullptr;
  return absl::FormatTime(absl::RFC3339_full, *time, absl::UTCTimeZone());
}

std::vector<Step> StepsFrom(const std::string& text) {
  std::vector<Step> steps;
  for (const json& item : json::parse(text)) {
    steps.push_back({.service = item.at("service").get<std::string>(),
                     .state = StepStateFrom(item.at("state").get<std::string>()),
                     .attempts = item.at("attempts").get<int>(),
                     .start = TimeFrom(item.at("start_time")),
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
                     {"start_time", ToJson(step.start)},
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
  *order.mutable_monthly_price() =
      Price(row["price_currency"].as<std::string>(), row["price_units"].as<std::int64_t>(),
            row["price_nanos"].as<std::int32_t>());
  order.set_state(EnumFrom<v1::Order::State>(row["state"].as<std::string>()));
  order.set_requester(row["requester"].as<std::string>());
  order.set_on_behalf_of(row["on_behalf_of"].as<std::string>());
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
          .traceparent = row["traceparent"].as<std::string>(),
          .steps = StepsFrom(row["steps"].as<std::string>()),
          .lease_until = pg::GetTime(row["lease_until"])};
}

void SetDecision(const pg::WriteTransaction& tx, const pqxx::result& decided,
                 v1::Order::State state, const std::string& reason, v1::Order& order) {
  order.set_state(state);
  order.mutable_decision()->set_decider(tx.caller().subject);
  order.mutable_decision()->set_reason(reason);
  *order.mutable_decision()->mutable_time() = ToTimestamp(tx.time());
  order.set_etag(decided[0]["revision"].as<std::string>());
  *order.mutable_update_time() = ToTimestamp(tx.time());
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

void OrderStore::Insert(pg::WriteTransaction& tx, const std::string& order_id,
                        const std::string& beneficiary, const std::vector<std::string>& services,
                        v1::Order& order) {
  const google::type::Money& price = order.monthly_price();
  tx.Exec(kInsert, tx.caller().tenant, order_id, order.plan(), catalog::ToJson(order.parameters()),
          price.currency_code(), price.units(), price.nanos(), order.requester(), beneficiary,
          tx.time(), services, order.on_behalf_of());
  order.set_name(OrderName(tx.caller().tenant, order_id));
  order.set_state(v1::Order::SUBMITTED);
  for (const std::string& service : services) AddStep({.service = service}, order);
  order.set_etag("1");  // the column's default
  *order.mutable_create_time() = ToTimestamp(tx.time());
  *order.mutable_update_time() = ToTimestamp(tx.time());
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

paging::Rows<v1::Order> OrderStore::List(pg::Transaction& tx, const ListPosition& after,
                                         int limit) {
  const std::string& tenant = tx.caller().tenant;
  const pqxx::result rows =
      tenant == "*"
          ? tx.Exec(kListOfAll, after.create_time, after.id, limit, paging::kPageBytes)
          : tx.Exec(kList, after.create_time, after.id, limit, paging::kPageBytes, tenant);
  return paging::RowsOf(rows, ToOrder);
}

void OrderStore::Approve(pg::WriteTransaction& tx, const std::string& order_id,
                         const std::string& subscription_id, const std::string& reason,
                         v1::Order& order) {
  const Caller& caller = tx.caller();
  const pqxx::result decided =
      tx.Exec(kApprove, caller.tenant, order_id, subscription_id, caller.subject, reason, tx.time(),
              trace::Format({caller.trace_id, caller.span_id}));
  tx.ExecAtCommit(kNotifyWork, std::string(kWorkChannel));
  SetDecision(tx, decided, v1::Order::PROVISIONING, reason, order);
}

void OrderStore::Reject(pg::WriteTransaction& tx, const std::string& order_id,
                        const std::string& reason, v1::Order& order) {
  const pqxx::result decided =
      tx.Exec(kReject, tx.caller().tenant, order_id, tx.caller().subject, reason, tx.time());
  SetDecision(tx, decided, v1::Order::REJECTED, reason, order);
}

std::optional<Work> OrderStore::Lease(pg::WriteTransaction& tx, absl::Time now,
                                      absl::Duration lease) {
  const pqxx::result leased = tx.Exec(kLease, now, absl::ToDoubleSeconds(lease));
  if (leased.empty()) return std::nullopt;
  return ToWork(tx.Exec(kGet, leased[0]["tenant_id"].as<std::string>(),
                        leased[0]["order_id"].as<std::string>())[0]);
}

std::optional<absl::Time> OrderStore::Save(pg::WriteTransaction& tx, const Work& work,
                                           absl::Time next_attempt,
                                           std::optional<absl::Duration> lease) {
  std::optional<double> seconds;
  if (lease.has_value()) seconds = absl::ToDoubleSeconds(*lease);
  const pqxx::result saved =
      tx.Exec(kSave, work.tenant, work.order_id, work.lease_until, next_attempt, work.failure,
              tx.time(), ToJson(work.steps), seconds);
  if (saved.empty()) return std::nullopt;
  return pg::GetTime(saved[0]["lease_until"]);
}

bool OrderStore::Complete(pg::WriteTransaction& tx, const Work& work) {
  return !tx.Exec(kComplete, work.tenant, work.order_id, work.lease_until, tx.time(),
                  AllOutputs(work.steps))
              .empty();
}

bool OrderStore::Fail(pg::WriteTransaction& tx, const Work& work) {
  return !tx.Exec(kFail, work.tenant, work.order_id, work.lease_until, tx.time(), work.failure)
              .empty();
}

}  // namespace sockel::catalog
