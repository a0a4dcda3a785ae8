#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

namespace sockel::testing {

// A private PostgreSQL server in a temporary folder, on a Unix socket, durable
// against nothing. It ends with this object, and with this process however
// that ends. When the process is root, it runs as user `postgres`.
class PostgresCluster {
 public:
  PostgresCluster();
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  // As superuser.
  std::string conninfo(std::string_view database = "postgres") const;

  // `pg_ctl stop -m immediate`, as a crash would; Start() recovers.
  void Crash();
  // Orderly, ends every connection.
  void Stop();
  void Start();
  void Restart() {
    Stop();
    Start();
  }

 private:
  void WaitUntilReady() const;
  void End(int signal);

  std::string folder_;
  pid_t server_ = -1;
};

// The superuser's connection string of the server that this process's tests
// share: SOCKEL_TEST_PG if set, else a PostgresCluster started on first use.
const std::string& SharedServer();

}  // namespace sockel::testing
