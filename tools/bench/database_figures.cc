#include "tools/bench/database_figures.h"

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace sockel::bench {
namespace {

constexpr int kRows = 10'000;

// Runs `one` on each connection until the time is over; calls a second.
double Rate(const std::string& conninfo, int connections, absl::Duration time,
            const std::string& statement,
            const std::function<void(pqxx::connection&, int64_t)>& one) {
  std::atomic<int64_t> done{0};
  std::atomic<bool> counting{false};
  std::atomic<bool> stopping{false};
  std::vector<std::thread> threads;
  for (int worker = 0; worker < connections; ++worker) {
    threads.emplace_back([&, worker] {
      pqxx::connection connection(conninfo);
      connection.prepare("statement", statement);
      connection.prepare_now("statement");
      for (int64_t i = worker; !stopping; i += connections) {
        one(connection, i);
        if (counting) ++done;
      }
    });
  }
  absl::SleepFor(time / 5);
  const absl::Time begin = absl::Now();
  counting = true;
  absl::SleepFor(time);
  counting = false;
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  stopping = true;
  for (std::thread& thread : threads) thread.join();
  return static_cast<double>(done) / seconds;
}

void Run(const std::string& conninfo, const std::string& sql) {
  pqxx::connection connection(conninfo);
  pqxx::nontransaction(connection).exec(sql);
}

}  // namespace

double PointReads(const std::string& conninfo, int connections, absl::Duration time) {
  Run(conninfo,
      absl::StrCat("DROP TABLE IF EXISTS bench_read;"
                   "CREATE TABLE bench_read (tenant_id text, id uuid, a text, b text, c text,"
                   "  t timestamptz, PRIMARY KEY (tenant_id, id));"
                   "INSERT INTO bench_read SELECT 'smi', lpad(to_hex(i), 32, '0')::uuid, 'OPEN',"
                   "  'a subject of usual length', 'x', now() FROM generate_series(0, ",
                   kRows, ") i; ANALYZE bench_read"));
  const double rate =
      Rate(conninfo, connections, time,
           "SELECT * FROM bench_read WHERE tenant_id = $1 AND id = $2::uuid",
           [](pqxx::connection& connection, int64_t i) {
             char id[33];
             std::snprintf(id, sizeof id, "%032llx", static_cast<unsigned long long>(i % kRows));
             pqxx::nontransaction(connection).exec_prepared("statement", "smi", id);
           });
  Run(conninfo, "DROP TABLE bench_read");
  return rate;
}

double Commits(const std::string& conninfo, int connections, absl::Duration time) {
  std::string tables;
  for (const char* table : {"bench_change", "bench_audit", "bench_event"}) {
    absl::StrAppend(&tables, "DROP TABLE IF EXISTS ", table, "; CREATE TABLE ", table,
                    " (id bigserial PRIMARY KEY, tenant_id text, a text, b text);");
  }
  Run(conninfo, tables);
  const double rate =
      Rate(conninfo, connections, time,
           "WITH c AS (INSERT INTO bench_change (tenant_id, a, b) VALUES ($1, $2, $3)),"
           " a AS (INSERT INTO bench_audit (tenant_id, a, b) VALUES ($1, $2, $3))"
           " INSERT INTO bench_event (tenant_id, a, b) VALUES ($1, $2, $3)",
           [](pqxx::connection& connection, int64_t) {
             pqxx::nontransaction(connection)
                 .exec_prepared("statement", "smi", "a subject of usual length", "more");
           });
  Run(conninfo, "DROP TABLE bench_change, bench_audit, bench_event");
  return rate;
}

}  // namespace sockel::bench
