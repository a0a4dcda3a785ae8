#include "services/catalog/offerings/offering_store.h"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "common/clock/timestamp.h"
#include "common/pg/rows.h"
#include "services/catalog/names.h"
#include "services/catalog/parameters.h"

namespace sockel::catalog {
namespace {

#define OFFERING_COLUMNS                                                                   \
  "offering_id, title, description, field_of_action, kind, state, revision, create_time, " \
  "update_time"

constexpr pg::Query kInsert{
    "offerings.insert",
    "INSERT INTO offerings (tenant_id, offering_id, title, description, field_of_action, kind,"
    "  state, create_time, update_time)"
    " VALUES ('provider', $1::text, $2::text, $3::text, $4::text, $5::text, 'DRAFT',"
    "  $6::timestamptz, $6::timestamptz)"
    " ON CONFLICT DO NOTHING RETURNING " OFFERING_COLUMNS};

constexpr pg::Query kGet{"offerings.get", "SELECT " OFFERING_COLUMNS
                                          " FROM offerings WHERE tenant_id = 'provider'"
                                          " AND offering_id = $1::text"};

constexpr pg::Query kGetForUpdate{"offerings.get_for_update",
                                  "SELECT " OFFERING_COLUMNS
                                  " FROM offerings WHERE tenant_id = 'provider'"
                                  " AND offering_id = $1::text FOR UPDATE"};

constexpr pg::Query kList{
    "offerings.list", "SELECT " OFFERING_COLUMNS
                      " FROM offerings WHERE tenant_id = 'provider' AND offering_id > $1::text"
                      " AND ($2::boolean OR state <> 'DRAFT') ORDER BY offering_id LIMIT $3::int"};

constexpr pg::Query kPublish{"offerings.publish",
                             "UPDATE offerings SET state = 'PUBLISHED', revision = revision + 1,"
                             "  update_time = $2::timestamptz"
                             " WHERE tenant_id = 'provider' AND offering_id = $1::text"
                             " RETURNING " OFFERING_COLUMNS};

#define PLAN_COLUMNS                                                                           \
  "offering_id, plan_id, title, parameters_schema::text AS parameters_schema, price_currency," \
  " price_units, price_nanos, steps::text AS steps, create_time"

constexpr pg::Query kInsertPlan{
    "plans.insert",
    "INSERT INTO plans (tenant_id, offering_id, plan_id, title, parameters_schema, price_currency,"
    "  price_units, price_nanos, steps, create_time)"
    " VALUES ('provider', $1::text, $2::text, $3::text, $4::jsonb, $5::text, $6::bigint, $7::int,"
    "  $8::jsonb, $9::timestamptz) ON CONFLICT DO NOTHING RETURNING " PLAN_COLUMNS};

constexpr pg::Query kGetPlan{
    "plans.get", "SELECT " PLAN_COLUMNS
                 ", (SELECT o.state FROM offerings o WHERE o.tenant_id = plans.tenant_id"
                 "   AND o.offering_id = plans.offering_id) AS offering_state"
                 " FROM plans WHERE tenant_id = 'provider'"
                 " AND offering_id = $1::text AND plan_id = $2::text"};

// Schemas beyond a page's size stay in the database; `candidates` tells of them.
constexpr pg::Query kListPlans{
    "plans.list", "SELECT " PLAN_COLUMNS
                  ", candidates FROM ("
                  "  SELECT page.*, sum(bytes) OVER (ORDER BY plan_id) - bytes AS bytes_before,"
                  "    count(*) OVER () AS candidates"
                  "  FROM (SELECT *, coalesce(octet_length(parameters_schema::text), 0) AS bytes"
                  "    FROM plans WHERE tenant_id = 'provider' AND offering_id = $1::text"
                  "    AND plan_id > $2::text ORDER BY plan_id LIMIT $3::int) AS page) AS plans"
                  " WHERE bytes_before < $4::bigint ORDER BY plan_id"};

#undef OFFERING_COLUMNS
#undef PLAN_COLUMNS

v1::Offering ToOffering(const pqxx::row& row) {
  v1::Offering offering;
  offering.set_name(OfferingName(row["offering_id"].as<std::string>()));
  offering.set_title(row["title"].as<std::string>());
  offering.set_description(row["description"].as<std::string>());
  offering.set_field_of_action(row["field_of_action"].as<std::string>());
  offering.set_kind(EnumFrom<v1::Offering::Kind>(row["kind"].as<std::string>()));
  offering.set_state(EnumFrom<v1::Offering::State>(row["state"].as<std::string>()));
  offering.set_etag(row["revision"].as<std::string>());
  *offering.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  *offering.mutable_update_time() = ToTimestamp(pg::GetTime(row["update_time"]));
  return offering;
}

std::string StepsToJson(const v1::Plan& plan) {
  nlohmann::json steps = nlohmann::json::array();
  for (const v1::ProvisioningStep& step : plan.steps()) steps.push_back(step.service());
  return steps.dump();
}

v1::Plan ToPlan(const pqxx::row& row) {
  v1::Plan plan;
  plan.set_name(PlanName(row["offering_id"].as<std::string>(), row["plan_id"].as<std::string>()));
  plan.set_title(row["title"].as<std::string>());
  if (!row["parameters_schema"].is_null()) {
    auto schema = StructFromJson(row["parameters_schema"].as<std::string>());
    if (schema.ok()) *plan.mutable_parameters_schema() = *std::move(schema);
  }
  *plan.mutable_monthly_price() =
      Price(row["price_currency"].as<std::string>(), row["price_units"].as<std::int64_t>(),
            row["price_nanos"].as<std::int32_t>());
  const nlohmann::json steps = nlohmann::json::parse(row["steps"].as<std::string>());
  for (const nlohmann::json& service : steps) {
    plan.add_steps()->set_service(service.get<std::string>());
  }
  *plan.mutable_create_time() = ToTimestamp(pg::GetTime(row["create_time"]));
  return plan;
}

template <typename T>
std::optional<T> First(const pqxx::result& rows, T (*convert)(const pqxx::row&)) {
  if (rows.empty()) return std::nullopt;
  return convert(rows[0]);
}

template <typename T>
paging::Rows<T> All(const pqxx::result& rows, T (*convert)(const pqxx::row&)) {
  paging::Rows<T> found;
  for (const pqxx::row& row : rows) found.rows.push_back(convert(row));
  return found;
}

OfferedPlan ToOfferedPlan(const pqxx::row& row) {
  return {ToPlan(row), EnumFrom<v1::Offering::State>(row["offering_state"].as<std::string>())};
}

}  // namespace

bool OfferingStore::Insert(pg::WriteTransaction& tx, const std::string& offering_id,
                           v1::Offering& offering) {
  const pqxx::result rows =
      tx.Exec(kInsert, offering_id, offering.title(), offering.description(),
              offering.field_of_action(), v1::Offering::Kind_Name(offering.kind()), tx.time());
  if (rows.empty()) return false;
  offering = ToOffering(rows[0]);
  return true;
}

std::optional<v1::Offering> OfferingStore::GetForUpdate(pg::WriteTransaction& tx,
                                                        const std::string& offering_id) {
  return First(tx.Exec(kGetForUpdate, offering_id), &ToOffering);
}

std::optional<v1::Offering> OfferingStore::Get(pg::Transaction& tx,
                                               const std::string& offering_id) {
  return First(tx.Exec(kGet, offering_id), &ToOffering);
}

paging::Rows<v1::Offering> OfferingStore::List(pg::Transaction& tx, const std::string& after,
                                               int limit, Drafts drafts) {
  return All(tx.Exec(kList, after, drafts == Drafts::kInclude, limit), &ToOffering);
}

v1::Offering OfferingStore::Publish(pg::WriteTransaction& tx, const std::string& offering_id) {
  return ToOffering(tx.Exec(kPublish, offering_id, tx.time())[0]);
}

bool OfferingStore::InsertPlan(pg::WriteTransaction& tx, const PlanKey& key, v1::Plan& plan) {
  std::optional<std::string> schema;
  if (plan.has_parameters_schema()) schema = ToJson(plan.parameters_schema());
  const google::type::Money& price = plan.monthly_price();
  const pqxx::result rows =
      tx.Exec(kInsertPlan, key.offering_id, key.plan_id, plan.title(), schema,
              price.currency_code(), price.units(), price.nanos(), StepsToJson(plan), tx.time());
  if (rows.empty()) return false;
  plan = ToPlan(rows[0]);
  return true;
}

std::optional<OfferedPlan> OfferingStore::GetPlan(pg::Transaction& tx, const PlanKey& key) {
  return First(tx.Exec(kGetPlan, key.offering_id, key.plan_id), &ToOfferedPlan);
}

paging::Rows<v1::Plan> OfferingStore::ListPlans(pg::Transaction& tx, const std::string& offering_id,
                                                const std::string& after, int limit) {
  return paging::RowsOf(tx.Exec(kListPlans, offering_id, after, limit, paging::kPageBytes), ToPlan);
}

}  // namespace sockel::catalog
