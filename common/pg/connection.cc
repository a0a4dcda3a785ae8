#include "common/pg/connection.h"

#include <stdexcept>
#include <typeinfo>

#ifdef __SANITIZE_ADDRESS__
// libpqxx 6.4 loses the (empty) result of the statement during which the
// connection broke.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:PQmakeEmptyPGresult"; }
#endif

namespace sockel::pg {
namespace {

std::int64_t MillisecondsUp(absl::Duration duration) {
  return absl::ToInt64Milliseconds(absl::Ceil(duration, absl::Milliseconds(1)));
}

// libpq's settings for a peer that vanished, put before the caller's own,
// which win.
std::string WithDefaults(const PoolConfig& config) {
  return "connect_timeout=3 tcp_user_timeout=10000 keepalives_idle=10 keepalives_interval=5 "
         "keepalives_count=3 client_encoding=UTF8 application_name=" +
         config.application_name + " " + config.conninfo;
}

}  // namespace

Connection::Connection(const PoolConfig& config)
    : session_timeout_(config.statement_timeout),
      connection_(WithDefaults(config)),
      quiet_(connection_),
      session_(connection_) {
  // Driver text goes to the log: without the DETAIL line, which quotes rows.
  connection_.set_verbosity(pqxx::connection_base::terse);
  // Writers say BEGIN READ WRITE; whoever only reads cannot write by mistake.
  // The session of a worker that hangs must not hold its locks for ever.
  Send(
      "SET default_transaction_read_only = on; SET TimeZone = 'UTC'; SET DateStyle = 'ISO';"
      "SET IntervalStyle = 'postgres'; SET bytea_output = 'hex';"
      "SET standard_conforming_strings = on; SET idle_in_transaction_session_timeout = '60s';"
      "SET statement_timeout = " +
      std::to_string(MillisecondsUp(session_timeout_)));
}

pqxx::result Connection::Send(const std::string& sql) {
  // libpqxx would quietly open a new session.
  if (broken()) throw pqxx::broken_connection("connection lost");
  try {
    return session_.exec(sql);
  } catch (const pqxx::broken_connection&) {
    lost_ = true;
    throw;
  } catch (const pqxx::sql_error& e) {
    // No state: not from the server, but from libpq, which may still take the
    // connection for a good one when it could not write. (libpqxx drops the
    // state of some of the derived classes.)
    if (typeid(e) != typeid(pqxx::sql_error) || !e.sqlstate().empty()) throw;
    lost_ = true;
    throw pqxx::broken_connection(e.what());
  }
}

void Connection::AppendExecute(std::string& sql, const Query& query, const Params& params) {
  Prepare(query);
  sql.append("EXECUTE \"").append(query.name).append("\"");
  char separator = '(';
  for (const auto& value : params.values()) {
    sql.push_back(separator);
    separator = ',';
    if (value.has_value()) {
      sql.append(Quote(*value));
    } else {
      sql.append("NULL");
    }
  }
  if (separator == ',') sql.push_back(')');
  sql.push_back(';');
}

void Connection::AppendBinding(std::string& sql, std::string_view tenant, absl::Duration timeout) {
  sql.append("SET LOCAL sockel.tenant=").append(Quote(std::string(tenant))).append(";");
  if (timeout < session_timeout_) {
    sql.append("SET LOCAL statement_timeout=")
        .append(std::to_string(MillisecondsUp(timeout)))
        .append(";");
  }
}

std::string Connection::Quote(const std::string& text) {
  try {
    return connection_.quote(text);
  } catch (const pqxx::argument_error&) {
    throw InvalidText("not UTF-8");
  }
}

void Connection::Prepare(const Query& query) {
  const auto known = prepared_.find(query.name);
  if (known != prepared_.end()) {
    if (known->second != query.sql) {
      throw std::logic_error("two queries are named " + std::string(query.name));
    }
    return;
  }
  Send("PREPARE \"" + std::string(query.name) + "\" AS " + std::string(query.sql));
  prepared_.emplace(query.name, query.sql);
}

}  // namespace sockel::pg
