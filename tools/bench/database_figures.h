#pragma once

#include <string>

#include "absl/time/time.h"

// What PostgreSQL through libpqxx can do, without us.
namespace sockel::bench {

// Prepared primary-key SELECTs a second over `connections` connections.
// `conninfo`: a database where tables may be made; they are dropped again.
double PointReads(const std::string& conninfo, int connections, absl::Duration time);

// Durable commits a second of one statement that inserts into three tables.
double Commits(const std::string& conninfo, int connections, absl::Duration time);

}  // namespace sockel::bench
