#include "common/pg/migrate.h"

#include <openssl/evp.h>

#include <map>
#include <set>

#include <pqxx/pqxx>

#include "common/error/error.h"
#include "common/ids/ids.h"
#include "common/log/log.h"
#include "common/pg/connection.h"
#include "common/pg/exceptions.h"

namespace sockel::pg {

absl::Span<const EmbeddedFile> CommonMigrationFiles();  // sockel_embed()

namespace {

// Of the advisory lock: one migration at a time per database.
constexpr char kLock[] = "SELECT pg_advisory_lock(hashtext('sockel.migrate'))";
constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "id text PRIMARY KEY, checksum text NOT NULL, "
    "apply_time timestamptz NOT NULL DEFAULT clock_timestamp())";
// A statement that waits for a table makes all who come after it wait as well,
// also those who only read: the version that serves would stop.
constexpr char kLockTimeout[] = "SET LOCAL lock_timeout = '5s'";
constexpr std::string_view kLockNotAvailable = "55P03";
constexpr Query kRecorded{"pg.migrations", "SELECT id, checksum FROM schema_migrations"};

std::string Checksum(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return ids::ToHex({reinterpret_cast<const char*>(digest), size});
}

std::map<std::string, std::string> Recorded(pqxx::transaction_base& tx) {
  std::map<std::string, std::string> recorded;
  for (const auto& row : tx.exec(std::string(kRecorded.sql))) {
    recorded[row[0].as<std::string>()] = row[1].as<std::string>();
  }
  return recorded;
}

absl::Status ChecksumMismatch(const std::string& id) {
  return error::FailedPrecondition("MIGRATION_CHANGED",
                                   "Migration " + id +
                                       " was applied with another text. A released migration never "
                                       "changes: restore it and add a new one.");
}

absl::Status NotUnlocked(std::string_view id) {
  std::string message = "Migration ";
  message.append(id).append(
      " gave up waiting for a lock, so that the services need not wait behind it; it changed "
      "nothing. Run `migrate` again. If it gives up again, look in pg_stat_activity for a long "
      "transaction or a backup in this database, and let it end first.");
  return error::Make(absl::StatusCode::kAborted, error::CommonReason::CONFLICT, message);
}

void Prepare(pqxx::connection_base& connection, std::string_view runtime_role) {
  pqxx::nontransaction tx(connection);
  // "… already exists, skipping" is no news.
  tx.exec("SET client_min_messages = warning");
  tx.exec(kLock);
  tx.exec("SET sockel.tenant = '*'; SET sockel.runtime_role = " +
          tx.quote(std::string(runtime_role)));
  tx.exec(kCreateTable);
}

void GrantToRuntimeRole(pqxx::connection_base& connection, std::string_view runtime_role) {
  if (runtime_role.empty()) return;
  pqxx::work tx(connection);
  const std::string role = tx.quote_name(std::string(runtime_role));
  tx.exec("GRANT USAGE ON SCHEMA public TO " + role);
  tx.exec("GRANT SELECT ON schema_migrations TO " + role);
  tx.exec("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO " + role);
  tx.commit();
}

void Apply(pqxx::connection_base& connection, const Migration& migration) {
  pqxx::work tx(connection);
  tx.exec(kLockTimeout);
  tx.exec(std::string(migration.sql));
  tx.exec("INSERT INTO schema_migrations (id, checksum) VALUES (" + tx.quote(migration.id) + "," +
          tx.quote(Checksum(migration.sql)) + ")");
  tx.commit();
  log::Info("migration applied", {{"id", migration.id}});
}

absl::StatusOr<std::vector<std::string>> ApplyMissing(pqxx::connection_base& connection,
                                                      const std::vector<Migration>& migrations,
                                                      std::string_view& current) {
  std::map<std::string, std::string> recorded;
  {
    pqxx::nontransaction tx(connection);
    recorded = Recorded(tx);
  }
  for (const Migration& migration : migrations) {
    const auto it = recorded.find(migration.id);
    if (it != recorded.end() && it->second != Checksum(migration.sql)) {
      return ChecksumMismatch(migration.id);
    }
  }
  std::vector<std::string> applied;
  for (const Migration& migration : migrations) {
    if (recorded.count(migration.id) != 0) continue;
    current = migration.id;
    Apply(connection, migration);
    applied.push_back(migration.id);
  }
  return applied;
}

}  // namespace

std::vector<Migration> MigrationsFrom(std::string_view folder,
                                      absl::Span<const EmbeddedFile> files) {
  std::vector<Migration> migrations;
  for (const EmbeddedFile& file : files) {
    migrations.push_back({std::string(folder) + "/" + std::string(file.name), file.text});
  }
  return migrations;
}

std::vector<Migration> CommonMigrations() {
  return MigrationsFrom("common", CommonMigrationFiles());
}

absl::StatusOr<std::vector<std::string>> Migrate(const std::string& owner_conninfo,
                                                 const std::vector<Migration>& migrations,
                                                 std::string_view runtime_role) {
  std::string_view current = "migrate";
  try {
    pqxx::connection connection(owner_conninfo);
    Prepare(connection, runtime_role);
    absl::StatusOr<std::vector<std::string>> applied =
        ApplyMissing(connection, migrations, current);
    if (applied.ok()) GrantToRuntimeRole(connection, runtime_role);
    return applied;
  } catch (const pqxx::sql_error& e) {
    if (e.sqlstate() == kLockNotAvailable) return NotUnlocked(current);
    return FailureOfCurrentException(current).status;
  } catch (const std::exception&) {
    return FailureOfCurrentException(current).status;
  }
}

absl::StatusOr<std::string> MissingRevision(Pool& pool, const std::vector<Migration>& migrations) {
  absl::StatusOr<Pool::Lease> lease = pool.Acquire();
  if (!lease.ok()) return lease.status();
  std::set<std::string> recorded;
  try {
    for (const auto& row : (*lease)->Send(std::string(kRecorded.sql))) {
      recorded.insert(row[0].as<std::string>());
    }
  } catch (const pqxx::undefined_table&) {
    // Never migrated.
  } catch (const pqxx::insufficient_privilege&) {
    // The migration that is running now has not come to the grants yet.
  } catch (const std::exception&) {
    lease->Discard();
    return FailureOfCurrentException("pg.migrations").status;
  }
  for (const Migration& migration : migrations) {
    if (recorded.count(migration.id) == 0) return migration.id;
  }
  return "";
}

}  // namespace sockel::pg
