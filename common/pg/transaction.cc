#include "common/pg/transaction.h"

#include <exception>
#include <stdexcept>

#include "absl/time/clock.h"
#include "common/log/log.h"
#include "common/pg/exceptions.h"

namespace sockel::pg {
namespace {

// Fails with kRepeatedRequestState when there is such a record.
constexpr Query kRefuseRepeat{"pg.refuse_repeat",
                              "SELECT sockel_refuse_repeat() FROM idempotency_keys "
                              "WHERE tenant_id = $1 AND subject = $2 AND request_id = $3"};

// Tells the observer how long a statement took, however it ends.
class QueryTimer {
 public:
  QueryTimer(Observer& observer, std::string_view query)
      : observer_(observer), query_(query), start_(absl::Now()) {}
  ~QueryTimer() { observer_.OnQuery(query_, absl::Now() - start_); }
  QueryTimer(const QueryTimer&) = delete;
  QueryTimer& operator=(const QueryTimer&) = delete;

 private:
  Observer& observer_;
  std::string_view query_;
  absl::Time start_;
};

}  // namespace

Session::Session(Pool& pool, const Clock& clock, const Caller& caller)
    : pool_(pool), clock_(clock), caller_(caller) {
  Open();
}

void Session::Open() {
  absl::StatusOr<Pool::Lease> lease = pool_.Acquire(Remaining());
  if (!lease.ok()) throw StatusException{lease.status()};
  lease_.emplace(*std::move(lease));
}

absl::Duration Session::Remaining() const {
  if (caller_.deadline == absl::InfiniteFuture()) return absl::InfiniteDuration();
  const absl::Duration remaining = caller_.deadline - clock_.Now();
  if (remaining <= absl::ZeroDuration()) throw StatusException{DeadlinePassed()};
  return remaining;
}

absl::Duration Session::Timeout() {
  return StatementTimeout(Remaining(), connection().longest_statement());
}

pqxx::result Session::RunHarmless(const Statement& statement) {
  if (!lease_.has_value()) Open();
  try {
    return statement(connection());
  } catch (const pqxx::feature_not_supported&) {
    // The schema changed under a prepared statement.
  } catch (const std::exception&) {
    if (!broken()) throw;
  }
  Discard();
  lease_.reset();
  pool_.CloseIdle();
  Open();
  return statement(connection());
}

pqxx::result ReadTransaction::Run(const Query& query, const Params& params) {
  const QueryTimer timer(session_.observer(), query.name);
  return session_.RunHarmless([&](Connection& connection) {
    return connection.ExecuteAlone({caller().tenant, session_.Timeout()}, query, params);
  });
}

pqxx::result SnapshotTransaction::Run(const Query& query, const Params& params) {
  if (failed_) throw std::logic_error("statement after a failed one");
  const QueryTimer timer(session_.observer(), query.name);
  const auto begin = [&](Connection& connection) {
    std::string execute;
    connection.AppendExecute(execute, query, params);
    std::string sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;";
    connection.AppendLocalTenant(sql, caller().tenant);
    connection.AppendLocalTimeout(sql, session_.Timeout());
    return connection.Send(sql + execute);
  };
  try {
    const pqxx::result rows =
        begun_ ? session_.connection().Execute(query, params) : session_.RunHarmless(begin);
    begun_ = true;
    return rows;
  } catch (...) {
    begun_ = true;
    failed_ = true;
    throw;
  }
}

void SnapshotTransaction::End() noexcept {
  if (!begun_ || session_.broken()) return;
  try {
    session_.connection().Send("ROLLBACK");
  } catch (const std::exception&) {
    session_.Discard();
  }
}

void WriteTransactionImpl::AppendBegin(Connection& connection, std::string& sql) {
  sql.append("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;");
  connection.AppendLocalTenant(sql, caller().tenant);
  timeout_ = connection.longest_statement();
  AppendTimeout(connection, sql);
  if (check_repeat_) {
    connection.AppendExecute(sql, kRefuseRepeat,
                             Params{}.Add(caller().tenant, caller().subject, caller().request_id));
  }
}

void WriteTransactionImpl::AppendTimeout(Connection& connection, std::string& sql) {
  const absl::Duration timeout = session_.Timeout();
  if (timeout == timeout_) return;
  connection.AppendLocalTimeout(sql, timeout);
  timeout_ = timeout;
}

pqxx::result WriteTransactionImpl::Run(const Query& query, const Params& params) {
  RefuseAfterFailure();
  const QueryTimer timer(session_.observer(), query.name);
  return Guarded([&](Connection& connection) {
    std::string sql;
    if (begun_) {
      AppendTimeout(connection, sql);
      if (sql.empty()) return connection.Execute(query, params);
    }
    // Preparing is a round trip of its own: not inside the text.
    std::string execute;
    connection.AppendExecute(execute, query, params);
    if (!begun_) AppendBegin(connection, sql);
    return connection.Send(sql + execute);
  });
}

pqxx::result WriteTransactionImpl::Guarded(const Session::Statement& statement) {
  try {
    // Without COMMIT the first message has changed nothing if the connection
    // breaks.
    pqxx::result rows = begun_ ? statement(session_.connection()) : session_.RunHarmless(statement);
    begun_ = true;
    return rows;
  } catch (const pqxx::sql_error& e) {
    begun_ = failed_ = true;
    if (e.sqlstate() == kRepeatedRequestState) throw RepeatedRequest{};
    throw;
  } catch (...) {
    begun_ = failed_ = true;
    throw;
  }
}

// COMMIT of a failed transaction rolls back without an error.
void WriteTransactionImpl::RefuseAfterFailure() const {
  if (failed_) throw std::logic_error("statement after a failed one");
}

void WriteTransactionImpl::Commit() {
  RefuseAfterFailure();
  if (!begun_ && deferred_.empty()) return;
  if (!begun_) {
    // Alone, so that a connection that died in the pool is noticed before it
    // matters whether COMMIT arrived.
    Guarded([&](Connection& connection) {
      std::string sql;
      AppendBegin(connection, sql);
      return connection.Send(sql);
    });
  }
  const QueryTimer timer(session_.observer(), "pg.commit");
  Guarded([&](Connection& connection) {
    std::string sql;
    AppendTimeout(connection, sql);
    for (const auto& [query, params] : deferred_) connection.AppendExecute(sql, query, params);
    return connection.Send(sql + "COMMIT");
  });
}

void WriteTransactionImpl::RunHooks() {
  for (const auto& hook : hooks_) hook();
}

void WriteTransactionImpl::Rollback() noexcept {
  if (!begun_ || session_.broken()) return;
  try {
    session_.connection().Send("ROLLBACK");
  } catch (const std::exception&) {
    session_.Discard();
  }
}

}  // namespace sockel::pg
