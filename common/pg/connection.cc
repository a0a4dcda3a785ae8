#include "common/pg/connection.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <typeinfo>
#include <vector>

namespace sockel::pg {
namespace {

std::int64_t MillisecondsUp(absl::Duration duration) {
  return absl::ToInt64Milliseconds(absl::Ceil(duration, absl::Milliseconds(1)));
}

void AppendTimeout(std::string& sql, absl::Duration timeout) {
  sql.append("statement_timeout=").append(std::to_string(MillisecondsUp(timeout))).append(";");
}

}  // namespace

std::string ConninfoNow(const std::string& conninfo, const std::string& password_file) {
  if (password_file.empty()) return conninfo;
  std::ifstream file(password_file, std::ios::binary);
  if (!file) throw std::runtime_error(password_file + ": cannot be read");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::string password = text.substr(0, text.find_last_not_of("\r\n") + 1);
  if (password.empty()) throw std::runtime_error(password_file + ": is empty");
  return WithPassword(conninfo, password);
}

std::string SessionConninfo(const std::string& conninfo, const std::string& password_file,
                            const std::string& application_name) {
  return "connect_timeout=3 tcp_user_timeout=10000 keepalives_idle=10 keepalives_interval=5 "
         "keepalives_count=3 target_session_attrs=read-write client_encoding=UTF8 "
         "application_name=" +
         application_name + " " + ConninfoNow(conninfo, password_file);
}

absl::Duration StatementTimeout(absl::Duration remaining, absl::Duration most) {
  absl::Duration timeout = absl::Milliseconds(64);
  while (timeout < remaining && timeout < most) timeout *= 2;
  return std::min(timeout, most);
}

Connection::Connection(const PoolConfig& config)
    : longest_statement_(config.statement_timeout),
      connection_(SessionConninfo(config.conninfo, config.password_file, config.application_name)),
      quiet_(connection_),
      session_(connection_) {
  // Driver text goes to the log: without the DETAIL line, which quotes rows.
  connection_.set_verbosity(pqxx::connection_base::terse);
  // Writers say READ WRITE; whoever only reads cannot write by mistake.
  // The session of a worker that hangs must not hold its locks for ever, nor those
  // who wait for them all connections: they are told of a conflict, and try again.
  Send(
      "SET default_transaction_read_only = on; SET TimeZone = 'UTC'; SET DateStyle = 'ISO';"
      "SET IntervalStyle = 'postgres'; SET bytea_output = 'hex';"
      "SET standard_conforming_strings = on; SET idle_in_transaction_session_timeout = '60s';"
      "SET lock_timeout = '10s';"
      "SET statement_timeout = " +
      std::to_string(MillisecondsUp(longest_statement_)));
}

template <typename Call>
auto Connection::Watched(Call call) {
  // libpqxx would quietly open a new session.
  if (broken()) throw pqxx::broken_connection("connection lost");
  try {
    return call();
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

pqxx::result Connection::Send(const std::string& sql) {
  return Watched([&] { return session_.exec(sql); });
}

pqxx::result Connection::Execute(const Query& query, const Params& params) {
  Prepare(query);
  std::vector<const char*> values;
  values.reserve(params.values().size());
  for (const auto& value : params.values()) {
    values.push_back(value.has_value() ? value->c_str() : nullptr);
  }
  return Watched([&] {
    return session_.exec_prepared(std::string(query.name),
                                  pqxx::prepare::make_dynamic_params(values));
  });
}

pqxx::result Connection::ExecuteAlone(const Binding& binding, const Query& query,
                                      const Params& params) {
  if (bound_tenant_ == binding.tenant && bound_timeout_ == binding.timeout) {
    return Execute(query, params);
  }
  std::string sql = "SET sockel.tenant=" + Quote(std::string(binding.tenant)) + ";SET ";
  AppendTimeout(sql, binding.timeout);
  AppendExecute(sql, query, params);
  // If the statement fails, the settings in its message are rolled back.
  bound_tenant_.reset();
  pqxx::result rows = Send(sql);
  bound_tenant_ = std::string(binding.tenant);
  bound_timeout_ = binding.timeout;
  return rows;
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

void Connection::AppendLocalTenant(std::string& sql, std::string_view tenant) {
  sql.append("SET LOCAL sockel.tenant=").append(Quote(std::string(tenant))).append(";");
}

void Connection::AppendLocalTimeout(std::string& sql, absl::Duration timeout) {
  AppendTimeout(sql.append("SET LOCAL "), timeout);
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
  Watched([&] {
    connection_.prepare(std::string(query.name), std::string(query.sql));
    connection_.prepare_now(std::string(query.name));
  });
  prepared_.emplace(query.name, query.sql);
}

}  // namespace sockel::pg
