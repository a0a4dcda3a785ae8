#include "services/identity/users/activation_store.h"

#include "common/pg/rows.h"

namespace sockel::identity::activation_store {
namespace {

constexpr pg::Query kPut{"identity.activation_codes.put", R"(
  INSERT INTO activation_codes (tenant_id, user_id, code_hash, expire_time)
  VALUES ($1, $2, $3::bytea, $4::timestamptz)
  ON CONFLICT (tenant_id, user_id)
  DO UPDATE SET code_hash = EXCLUDED.code_hash, expire_time = EXCLUDED.expire_time)"};

constexpr pg::Query kFindByLogin{"identity.activation_codes.find_by_login", R"(
  SELECT u.user_id, u.state = 'ACTIVE' AS active, c.code_hash, c.expire_time
  FROM users u JOIN activation_codes c ON c.tenant_id = u.tenant_id AND c.user_id = u.user_id
  WHERE u.tenant_id = $1 AND u.login = $2)"};

constexpr pg::Query kRedeem{"identity.activation_codes.redeem", R"(
  WITH used AS (
    DELETE FROM activation_codes WHERE tenant_id = $1 AND user_id = $2 AND code_hash = $3::bytea
    RETURNING tenant_id, user_id)
  UPDATE users u
  SET password_hash = $4, update_time = $5::timestamptz, revision = u.revision + 1
  FROM used WHERE u.tenant_id = used.tenant_id AND u.user_id = used.user_id
  RETURNING u.user_id)"};

}  // namespace

void Put(pg::WriteTransaction& tx, std::string_view user, std::string_view code_hash,
         absl::Time expire_time) {
  tx.Exec(kPut, tx.caller().tenant, user, pg::Bytes{code_hash}, expire_time);
}

std::optional<Code> FindByLogin(pg::Transaction& tx, std::string_view login) {
  const pqxx::result rows = tx.Exec(kFindByLogin, tx.caller().tenant, login);
  if (rows.empty()) return std::nullopt;
  return Code{rows[0]["user_id"].as<std::string>(), rows[0]["active"].as<bool>(),
              pg::GetBytes(rows[0]["code_hash"]), pg::GetTime(rows[0]["expire_time"])};
}

bool Redeem(pg::WriteTransaction& tx, std::string_view user, std::string_view code_hash,
            std::string_view password_hash) {
  return !tx.Exec(kRedeem, tx.caller().tenant, user, pg::Bytes{code_hash}, password_hash, tx.time())
              .empty();
}

}  // namespace sockel::identity::activation_store
