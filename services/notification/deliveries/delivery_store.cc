#include "services/notification/deliveries/delivery_store.h"

#include "common/pg/rows.h"

namespace sockel::notification::delivery_store {
namespace {

// `alarm_walk` and `waiting` walk from tenant to tenant by index, however many
// rows each has. Each tenant with emergencies gets its share (`alarm_shares`);
// what others do not need of theirs goes to the oldest (`oldest_alarms`). A
// tenant is given there as a range, because PostgreSQL would look for few of one
// tenant among all of all in the index that is by time alone.
// Priorities: 1 emergency, 2 transactional, 3 bulk. States: 2 SENDING.
constexpr pg::Query kClaim = {"notification.deliveries.claim", R"(
  WITH RECURSIVE alarm_walk AS (
    (SELECT tenant_id FROM deliveries
     WHERE due_time IS NOT NULL AND priority = 1
     ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.tenant_id FROM deliveries d
            WHERE d.tenant_id > w.tenant_id AND d.due_time IS NOT NULL AND d.priority = 1
            ORDER BY d.tenant_id LIMIT 1)
    FROM alarm_walk w WHERE w.tenant_id IS NOT NULL
  ), alarmed AS MATERIALIZED (
    SELECT w.tenant_id FROM alarm_walk w, LATERAL (
      SELECT d.due_time FROM deliveries d
      WHERE d.tenant_id >= w.tenant_id AND d.tenant_id <= w.tenant_id AND d.priority = 1
        AND d.due_time <= $1::timestamptz
      ORDER BY d.tenant_id, d.due_time LIMIT 1
    ) oldest
    WHERE w.tenant_id IS NOT NULL
    ORDER BY oldest.due_time LIMIT $3::integer
  ), alarm_share AS MATERIALIZED (
    SELECT greatest(1, $3::integer / greatest(count(*), 1)) AS each FROM alarmed
  ), alarm_shares AS MATERIALIZED (
    SELECT p.* FROM alarmed, LATERAL (
      SELECT d.tenant_id, d.delivery_id, d.state FROM deliveries d
      WHERE d.tenant_id >= alarmed.tenant_id AND d.tenant_id <= alarmed.tenant_id
        AND d.priority = 1 AND d.due_time <= $1::timestamptz
      ORDER BY d.tenant_id, d.due_time LIMIT (SELECT each FROM alarm_share) FOR UPDATE SKIP LOCKED
    ) p
  ), oldest_alarms AS MATERIALIZED (
    SELECT d.tenant_id, d.delivery_id, d.state, d.due_time FROM deliveries d
    WHERE d.due_time <= $1::timestamptz AND d.priority = 1
    ORDER BY d.due_time LIMIT $3::integer FOR UPDATE SKIP LOCKED
  ), emergency AS MATERIALIZED (
    SELECT tenant_id, delivery_id, state FROM alarm_shares
    UNION ALL
    (SELECT o.tenant_id, o.delivery_id, o.state FROM oldest_alarms o
     WHERE NOT EXISTS (SELECT FROM alarm_shares s
                       WHERE s.tenant_id = o.tenant_id AND s.delivery_id = o.delivery_id)
     ORDER BY o.due_time LIMIT (SELECT $3::integer - count(*) FROM alarm_shares))
  ), waiting AS (
    (SELECT tenant_id FROM deliveries
     WHERE tenant_id > $2 AND due_time IS NOT NULL AND priority > 1
     ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.tenant_id FROM deliveries d
            WHERE d.tenant_id > w.tenant_id AND d.due_time IS NOT NULL AND d.priority > 1
            ORDER BY d.tenant_id LIMIT 1)
    FROM waiting w WHERE w.tenant_id IS NOT NULL
  ), due AS MATERIALIZED (
    SELECT w.tenant_id FROM waiting w, LATERAL (
      SELECT FROM (VALUES (2), (3)) AS class (priority), LATERAL (
        SELECT FROM deliveries d
        WHERE d.tenant_id = w.tenant_id AND d.priority = class.priority AND d.priority > 1
          AND d.due_time <= $1::timestamptz
        ORDER BY d.due_time LIMIT 1
      ) first LIMIT 1
    ) any_due
    WHERE w.tenant_id IS NOT NULL
    LIMIT $4::integer
  ), quota AS MATERIALIZED (
    SELECT CASE WHEN rest > 0 THEN greatest(1, rest / greatest(tenants, 1)) ELSE 0 END AS each
    FROM (SELECT $3::integer - (SELECT count(*) FROM emergency) AS rest,
                 (SELECT count(*) FROM due) AS tenants) q
  ), ranked AS (
    SELECT p.*, row_number() OVER (PARTITION BY p.tenant_id ORDER BY p.priority, p.due_time) AS rank
    FROM due, (VALUES (2), (3)) AS class (priority), LATERAL (
      SELECT d.tenant_id, d.delivery_id, d.state, d.priority, d.due_time FROM deliveries d
      WHERE d.tenant_id = due.tenant_id AND d.priority = class.priority AND d.priority > 1
        AND d.due_time <= $1::timestamptz
      ORDER BY d.due_time LIMIT (SELECT each FROM quota) FOR UPDATE SKIP LOCKED
    ) p
  ), taken AS (
    SELECT tenant_id, delivery_id, state FROM emergency
    UNION ALL
    SELECT tenant_id, delivery_id, state FROM ranked WHERE rank <= (SELECT each FROM quota)
  )
  UPDATE deliveries d
  SET state = 2, attempts = d.attempts + 1, due_time = $5::timestamptz, claim = $7::uuid,
      transitions = d.transitions || jsonb_build_array(jsonb_build_object(
        't', $6::bigint, 's', 2, 'd', '', 'a', d.attempts + 1,
        'r', CASE WHEN t.state = 2 AND d.channel = 1 THEN 'possible_duplicate' ELSE 'attempt' END))
  FROM taken t
  WHERE d.tenant_id = t.tenant_id AND d.delivery_id = t.delivery_id
  RETURNING d.tenant_id, d.delivery_id, d.message_id, d.channel, d.priority, d.user_id,
            d.email_address, d.attempts, d.unanswered, d.expire_time, t.state = 2 AS taken_over
)"};

constexpr pg::Query kLetters = {"notification.messages.letters", R"(
  SELECT m.tenant_id, m.message_id, m.subject, m.text_body, m.html_body, m.from_address,
         m.from_name, m.reply_to_address, m.reference, m.confidential, m.traceparent
  FROM (SELECT DISTINCT tenant_id, message_id
        FROM unnest($1::text[], $2::uuid[]) AS u (tenant_id, message_id)) w
  JOIN messages m ON m.tenant_id = w.tenant_id AND m.message_id = w.message_id
)"};

// States: 1 PENDING, that is handed back; 4 TEMPORARY_FAILURE. What was handed
// back is where it was before: a slow relay makes that happen without end.
constexpr pg::Query kRecord = {"notification.deliveries.record", R"(
  UPDATE deliveries d
  SET state = CASE WHEN o.state = 1 AND d.transitions -> -1 ->> 'r' = 'attempt'
                     AND d.transitions -> -2 ->> 's' IN ('1', '4')
                   THEN (d.transitions -> -2 ->> 's')::smallint ELSE o.state END,
      transitions = CASE WHEN o.state = 1 AND d.transitions -> -1 ->> 'r' = 'attempt'
                           AND d.transitions -> -2 ->> 's' IN ('1', '4')
                         THEN d.transitions - (-1)
                         ELSE d.transitions || jsonb_build_array(jsonb_build_object(
                           't', $9::bigint, 's', o.state, 'r', o.reason, 'd', o.detail,
                           'a', o.attempt)) END,
      attempts = CASE WHEN o.state = 1 THEN d.attempts - 1 ELSE d.attempts END,
      unanswered = d.unanswered + (o.reason = 'possible_duplicate')::integer,
      due_time = nullif(o.due_time, 'infinity'), claim = NULL
  FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::integer[], $5::smallint[],
              $6::timestamptz[], $7::text[], $8::text[])
       AS o (tenant_id, delivery_id, claim, attempt, state, due_time, reason, detail)
  WHERE d.tenant_id = o.tenant_id AND d.delivery_id = o.delivery_id
    AND d.state = 2 AND d.claim = o.claim AND d.attempts = o.attempt
  RETURNING d.delivery_id
)"};

constexpr pg::Query kExtend = {"notification.deliveries.extend", R"(
  UPDATE deliveries SET due_time = $5::timestamptz
  WHERE tenant_id = $1 AND delivery_id = $2::uuid
    AND state = 2 AND claim = $3::uuid AND attempts = $4
)"};

// Two workers may each record one of the last two deliveries. The second waits
// here for the first, so that its next statement sees that nothing is left.
constexpr pg::Query kLockConfidential = {"notification.messages.lock_confidential", R"(
  SELECT message_id FROM messages
  WHERE confidential AND (tenant_id, message_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))
  ORDER BY tenant_id, message_id FOR NO KEY UPDATE
)"};

constexpr pg::Query kWipe = {"notification.messages.wipe", R"(
  UPDATE messages m SET subject = '', text_body = '', html_body = ''
  WHERE m.confidential
    AND (m.tenant_id, m.message_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))
    AND NOT EXISTS (SELECT FROM deliveries d
                    WHERE d.tenant_id = m.tenant_id AND d.message_id = m.message_id
                      AND d.due_time IS NOT NULL)
)"};

constexpr pg::Query kMeasure = {"notification.deliveries.measure", R"(
  SELECT count(*) FILTER (WHERE state = 1) AS pending,
         count(*) FILTER (WHERE state = 2) AS sending,
         count(*) FILTER (WHERE state = 4) AS temporary_failure,
         min(due_time) AS first_due
  FROM (SELECT state, due_time FROM deliveries WHERE due_time IS NOT NULL AND priority = 1
        UNION ALL
        SELECT state, due_time FROM deliveries WHERE due_time IS NOT NULL AND priority > 1) q
)"};

Claimed ToClaimed(const pqxx::row& row) {
  Claimed claimed;
  claimed.tenant = row["tenant_id"].as<std::string>();
  claimed.delivery_id = row["delivery_id"].as<std::string>();
  claimed.message_id = row["message_id"].as<std::string>();
  claimed.channel = static_cast<v1::Message::Channel>(row["channel"].as<int>());
  claimed.priority = static_cast<v1::Message::Priority>(row["priority"].as<int>());
  claimed.user_id = pg::GetOptional<std::string>(row["user_id"]).value_or("");
  claimed.email_address = pg::GetOptional<std::string>(row["email_address"]).value_or("");
  claimed.attempt = row["attempts"].as<int>();
  claimed.unanswered = row["unanswered"].as<int>();
  claimed.expire = pg::GetTime(row["expire_time"]);
  claimed.taken_over = row["taken_over"].as<bool>();
  return claimed;
}

}  // namespace

std::vector<Claimed> Claim(pg::WriteTransaction& tx, const ClaimRequest& request) {
  std::vector<Claimed> claimed;
  for (const pqxx::row& row :
       tx.Exec(kClaim, request.now, request.after_tenant, request.limit, request.max_tenants,
               request.lease_end, absl::ToUnixMicros(request.now), request.claim)) {
    claimed.push_back(ToClaimed(row));
    claimed.back().claim = request.claim;
  }
  return claimed;
}

std::map<LetterKey, Letter> Letters(pg::Transaction& tx, const std::vector<Claimed>& claimed) {
  std::vector<std::string> tenants;
  std::vector<std::string> messages;
  for (const Claimed& delivery : claimed) {
    tenants.push_back(delivery.tenant);
    messages.push_back(delivery.message_id);
  }
  std::map<LetterKey, Letter> letters;
  for (const pqxx::row& row : tx.Exec(kLetters, tenants, messages)) {
    Letter letter;
    letter.from = {row["from_address"].as<std::string>(), row["from_name"].as<std::string>()};
    letter.reply_to = row["reply_to_address"].as<std::string>();
    letter.content.set_subject(row["subject"].as<std::string>());
    letter.content.set_text_body(row["text_body"].as<std::string>());
    letter.content.set_html_body(row["html_body"].as<std::string>());
    letter.reference = row["reference"].as<std::string>();
    letter.confidential = row["confidential"].as<bool>();
    letter.traceparent = row["traceparent"].as<std::string>();
    letters.emplace(
        LetterKey{row["tenant_id"].as<std::string>(), row["message_id"].as<std::string>()},
        std::move(letter));
  }
  return letters;
}

std::vector<std::string> Record(pg::WriteTransaction& tx, const std::vector<Outcome>& outcomes) {
  std::vector<std::string> tenants;
  std::vector<std::string> ids;
  std::vector<std::string> claims;
  std::vector<std::int64_t> attempts;
  std::vector<std::int64_t> states;
  std::vector<absl::Time> due_times;
  std::vector<std::string> reasons;
  std::vector<std::string> details;
  for (const Outcome& outcome : outcomes) {
    tenants.push_back(outcome.tenant);
    ids.push_back(outcome.delivery_id);
    claims.push_back(outcome.claim);
    attempts.push_back(outcome.attempt);
    states.push_back(outcome.verdict.state);
    due_times.push_back(outcome.verdict.next_attempt);
    reasons.push_back(outcome.verdict.reason);
    details.push_back(outcome.verdict.detail);
  }
  std::vector<std::string> recorded;
  for (const pqxx::row& row : tx.Exec(kRecord, tenants, ids, claims, attempts, states, due_times,
                                      reasons, details, absl::ToUnixMicros(tx.time()))) {
    recorded.push_back(row["delivery_id"].as<std::string>());
  }
  return recorded;
}

void Extend(pg::WriteTransaction& tx, const Claimed& delivery, absl::Time lease_end) {
  tx.Exec(kExtend, delivery.tenant, delivery.delivery_id, delivery.claim, delivery.attempt,
          lease_end);
}

void WipeFinished(pg::WriteTransaction& tx, const std::vector<LetterKey>& messages) {
  std::vector<std::string> tenants;
  std::vector<std::string> ids;
  for (const LetterKey& key : messages) {
    tenants.push_back(key.first);
    ids.push_back(key.second);
  }
  tx.Exec(kLockConfidential, tenants, ids);
  tx.Exec(kWipe, tenants, ids);
}

QueueState Measure(pg::Transaction& tx, absl::Time now) {
  const pqxx::row row = tx.Exec(kMeasure)[0];
  QueueState state;
  state.pending = row["pending"].as<std::int64_t>();
  state.sending = row["sending"].as<std::int64_t>();
  state.temporary_failure = row["temporary_failure"].as<std::int64_t>();
  const auto first = pg::GetOptional<absl::Time>(row["first_due"]);
  if (first && *first < now) state.lag = now - *first;
  return state;
}

}  // namespace sockel::notification::delivery_store
