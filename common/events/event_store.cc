#include "common/events/event_store.h"

#include <nlohmann/json.hpp>

#include "common/clock/timestamp.h"
#include "common/pg/rows.h"

namespace sockel::events {
namespace {

constexpr pg::Query kInsert{
    "events_emit",
    "INSERT INTO events (tenant_id, event_id, type, resource, time, actor, attributes) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)"};

constexpr pg::Query kInsertAll{
    "events_emit_all",
    "INSERT INTO events (tenant_id, event_id, type, resource, time, actor, attributes) "
    "SELECT e.tenant_id, e.event_id, e.type, e.resource, $5, $6, e.attributes::jsonb "
    "FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $7::text[]) "
    "  WITH ORDINALITY AS e (tenant_id, event_id, type, resource, attributes, number) "
    "ORDER BY e.number"};

// One statement, one snapshot: what is not ready has a predecessor that may
// still come.
constexpr pg::Query kReadAfter{
    "events_read_after",
    "SELECT xid, seq, event_id, type, resource, time, actor, attributes, "
    "  xid < pg_snapshot_xmin(pg_current_snapshot()) AS ready "
    "FROM events WHERE tenant_id = $1 AND (xid, seq) > ($2::xid8, $3::bigint) "
    "ORDER BY xid, seq LIMIT $4"};

// Marks name events that were committed, or what was deleted: what else has a
// number may be gone after a crash, and the number given to another transaction.
constexpr pg::Query kNewest{
    "events_newest",
    "SELECT xid, seq, event_id FROM events "
    "WHERE tenant_id = $1 AND xid < pg_snapshot_xmin(pg_current_snapshot()) "
    "ORDER BY xid DESC, seq DESC LIMIT 1"};

constexpr pg::Query kHorizon{"events_horizon",
                             "SELECT xid, seq FROM event_horizons WHERE tenant_id = $1"};

// One statement, one snapshot: a purge between two would move the horizon away.
constexpr pg::Query kCanFollow{
    "events_can_follow",
    "SELECT COALESCE("
    "    (SELECT (xid, seq) = ($2::xid8, $3::bigint) FROM event_horizons WHERE tenant_id = $1),"
    "    ($2::xid8, $3::bigint) = ('0'::xid8, 0))"
    "  OR $4::text <> '' AND EXISTS ("
    "    SELECT FROM events WHERE tenant_id = $1 AND xid = $2::xid8 AND seq = $3::bigint"
    "      AND event_id::text LIKE '%' || $4::text) AS can_follow"};

// The oldest of each tenant are where its key begins: no index on time needed.
// Events of a clock that was ahead hold up their tenant's until it is overtaken.
constexpr pg::Query kPurge{
    "events_purge",
    "WITH RECURSIVE tenants AS ("
    "  (SELECT tenant_id FROM events ORDER BY tenant_id LIMIT 1)"
    "  UNION ALL "
    "  SELECT (SELECT e.tenant_id FROM events e WHERE e.tenant_id > t.tenant_id"
    "          ORDER BY e.tenant_id LIMIT 1)"
    "  FROM tenants t WHERE t.tenant_id IS NOT NULL"
    "), oldest AS MATERIALIZED ("
    "  SELECT p.* FROM tenants t CROSS JOIN LATERAL ("
    "    SELECT tenant_id, xid, seq, time FROM events e WHERE e.tenant_id = t.tenant_id"
    "    ORDER BY e.xid, e.seq LIMIT $2) p"
    "  WHERE p.time < $1"
    "), deleted AS ("
    "  DELETE FROM events e USING oldest o"
    "  WHERE e.tenant_id = o.tenant_id AND e.xid = o.xid AND e.seq = o.seq"
    "  RETURNING e.tenant_id, e.xid, e.seq"
    "), moved AS ("
    "  INSERT INTO event_horizons AS h (tenant_id, xid, seq)"
    "  SELECT DISTINCT ON (tenant_id) tenant_id, xid, seq FROM deleted"
    "  ORDER BY tenant_id, xid DESC, seq DESC"
    "  ON CONFLICT (tenant_id) DO UPDATE SET xid = excluded.xid, seq = excluded.seq"
    "  WHERE (h.xid, h.seq) < (excluded.xid, excluded.seq)"
    ") "
    "SELECT count(*) AS purged FROM deleted"};

constexpr pg::Query kNotify{"events_notify",
                            "SELECT pg_notify('sockel_events', t) FROM unnest($1::text[]) AS t"};

Position PositionIn(const pqxx::row& row) {
  return {std::stoull(row["xid"].as<std::string>()), row["seq"].as<std::int64_t>()};
}

v1::Event GetEvent(const pqxx::row& row) {
  v1::Event event;
  event.set_id(row["event_id"].as<std::string>());
  event.set_type(row["type"].as<std::string>());
  event.set_resource(row["resource"].as<std::string>());
  *event.mutable_time() = ToTimestamp(pg::GetTime(row["time"]));
  event.set_actor(row["actor"].as<std::string>());
  const auto attributes = nlohmann::json::parse(row["attributes"].as<std::string>());
  for (const auto& [key, value] : attributes.items()) {
    (*event.mutable_attributes())[key] = value.get<std::string>();
  }
  return event;
}

}  // namespace

void InsertAtCommit(pg::WriteTransaction& tx, const std::string& tenant, const std::string& id,
                    const NewEvent& event) {
  tx.ExecAtCommit(kInsert, tenant, id, event.type, event.resource, tx.time(), tx.caller().subject,
                  nlohmann::json(event.attributes).dump());
}

void InsertAllAtCommit(pg::WriteTransaction& tx, const std::vector<std::string>& tenants,
                       const std::vector<std::string>& ids, const std::vector<NewEvent>& events) {
  std::vector<std::string> types;
  std::vector<std::string> resources;
  std::vector<std::string> attributes;
  for (const NewEvent& event : events) {
    types.push_back(event.type);
    resources.push_back(event.resource);
    attributes.push_back(nlohmann::json(event.attributes).dump());
  }
  tx.ExecAtCommit(kInsertAll, tenants, ids, types, resources, tx.time(), tx.caller().subject,
                  attributes);
}

EventPage ReadAfter(pg::Transaction& tx, const Position& after, int limit) {
  const pqxx::result rows = tx.Exec(kReadAfter, tx.caller().tenant, after.xid, after.seq, limit);
  EventPage page;
  for (const auto& row : rows) {
    if (!row["ready"].as<bool>()) {
      page.gap = true;
      return page;
    }
    page.events.push_back({PositionIn(row), GetEvent(row)});
  }
  page.full = page.events.size() == static_cast<std::size_t>(limit);
  return page;
}

Mark NewestMark(pg::Transaction& tx) {
  const pqxx::result rows = tx.Exec(kNewest, tx.caller().tenant);
  if (rows.empty()) return OldestMark(tx);
  return {PositionIn(rows[0]), EndOf(rows[0]["event_id"].as<std::string>())};
}

Mark OldestMark(pg::Transaction& tx) {
  const pqxx::result rows = tx.Exec(kHorizon, tx.caller().tenant);
  return rows.empty() ? Mark{} : Mark{PositionIn(rows[0]), ""};
}

bool IsLost(pg::Transaction& tx, const Mark& mark) {
  const Position& position = mark.position;
  return !tx.Exec(kCanFollow, tx.caller().tenant, position.xid, position.seq,
                  mark.event)[0]["can_follow"]
              .as<bool>();
}

std::int64_t PurgeBefore(pg::WriteTransaction& tx, absl::Time before, int per_tenant) {
  return tx.Exec(kPurge, before, per_tenant)[0]["purged"].as<std::int64_t>();
}

void Notify(pg::Transaction& tx, const std::vector<std::string>& tenants) {
  tx.Exec(kNotify, tenants);
}

}  // namespace sockel::events
