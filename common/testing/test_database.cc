#include "common/testing/test_database.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include <pqxx/pqxx>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/ids/ids.h"
#include "common/testing/postgres_cluster.h"

namespace sockel::testing {
namespace {

// Later keywords win over earlier ones.
std::string With(const std::string& server, const std::string& database, const std::string& user) {
  return server + " dbname=" + database + (user.empty() ? "" : " user=" + user);
}

std::string TemplateName(const std::vector<pg::Migration>& migrations) {
  std::string text;
  for (const pg::Migration& migration : migrations) {
    text.append(migration.id).append("\n").append(migration.sql).append("\n");
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return "sockel_template_" + ids::ToHex({reinterpret_cast<const char*>(digest), 10});
}

bool Exists(pqxx::nontransaction& tx, const std::string& catalog, const std::string& column,
            const std::string& name) {
  return !tx.exec("SELECT FROM " + catalog + " WHERE " + column + " = " + tx.quote(name)).empty();
}

void EnsureRole(pqxx::nontransaction& tx, const std::string& role) {
  if (!Exists(tx, "pg_roles", "rolname", role)) tx.exec("CREATE ROLE " + role + " LOGIN");
}

// Every table that holds rows of tenants keeps them apart, also from its owner.
void RefuseUnprotectedTables(const std::string& database) {
  pqxx::connection connection(database);
  const pqxx::result rows = pqxx::nontransaction(connection)
                                .exec(
                                    "SELECT c.relname FROM pg_class c JOIN pg_attribute a "
                                    "ON a.attrelid = c.oid AND a.attname = 'tenant_id' "
                                    "WHERE c.relkind IN ('r', 'p') "
                                    "AND NOT (c.relrowsecurity AND c.relforcerowsecurity)");
  if (rows.empty()) return;
  throw std::runtime_error("without sockel_protect(): " + rows[0][0].as<std::string>());
}

// Built under another name, so that one that failed half-way is never used.
void EnsureTemplate(pqxx::nontransaction& tx, const std::string& server, const std::string& name,
                    const std::vector<pg::Migration>& migrations) {
  if (Exists(tx, "pg_database", "datname", name)) return;
  const std::string unfinished = name + "_new";
  tx.exec("DROP DATABASE IF EXISTS " + unfinished + " WITH (FORCE)");
  tx.exec("CREATE DATABASE " + unfinished + " OWNER " + TestDatabase::kOwnerRole);
  const auto applied = pg::Migrate(With(server, unfinished, TestDatabase::kOwnerRole), migrations,
                                   TestDatabase::kRuntimeRole);
  if (!applied.ok()) throw std::runtime_error("migrations: " + applied.status().ToString());
  RefuseUnprotectedTables(With(server, unfinished, ""));
  tx.exec("ALTER DATABASE " + unfinished + " RENAME TO " + name);
}

}  // namespace

TestDatabase::TestDatabase(const std::vector<pg::Migration>& migrations, std::string server)
    : server_(server.empty() ? SharedServer() : std::move(server)) {
  static std::atomic<int> count{0};
  name_ = "sockel_test_" + std::to_string(getpid()) + "_" + std::to_string(++count);
  const std::string template_name = TemplateName(migrations);
  pqxx::connection connection(server_);
  pqxx::nontransaction tx(connection);
  tx.exec("SET client_min_messages = error");
  // Several test processes may share the server.
  tx.exec("SELECT pg_advisory_lock(hashtext('sockel.testing'))");
  EnsureRole(tx, kOwnerRole);
  EnsureRole(tx, kRuntimeRole);
  EnsureTemplate(tx, server_, template_name, migrations);
  tx.exec("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
  tx.exec("CREATE DATABASE " + name_ + " TEMPLATE " + template_name + " OWNER " + kOwnerRole);
}

TestDatabase::~TestDatabase() {
  try {
    pqxx::connection connection(server_);
    pqxx::nontransaction(connection).exec("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
  } catch (const std::exception&) {
    // The server is gone, and the database with it.
  }
}

std::string TestDatabase::conninfo() const { return With(server_, name_, kRuntimeRole); }
std::string TestDatabase::owner_conninfo() const { return With(server_, name_, kOwnerRole); }
std::string TestDatabase::superuser_conninfo() const { return With(server_, name_, ""); }

void TestDatabase::AwaitBlocked(int statements) const {
  pqxx::connection connection(superuser_conninfo());
  pqxx::nontransaction look(connection);
  const absl::Time limit = absl::Now() + absl::Seconds(20);
  while (look.exec("SELECT count(*) FROM pg_stat_activity "
                   "WHERE datname = current_database() AND wait_event_type = 'Lock'")[0][0]
             .as<int>() < statements) {
    if (absl::Now() > limit) {
      ADD_FAILURE() << "no " << statements << " statements wait for a lock";
      return;
    }
    std::this_thread::yield();
  }
}

}  // namespace sockel::testing
