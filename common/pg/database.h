#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include <google/protobuf/message_lite.h>
#include <pqxx/pqxx>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/caller/caller.h"
#include "common/pg/params.h"
#include "common/pg/pool.h"
#include "common/pg/query.h"

namespace sockel::pg {

// One call's access to the database, handed to the lambdas of Database. Not
// thread-safe; must not outlive the lambda. Exec throws libpqxx exceptions,
// which the runner maps; expected conflicts are told by SQL (ON CONFLICT,
// RETURNING, empty result), not by exceptions.
class Transaction {
 public:
  virtual ~Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Runs one statement: one round trip. Argument types: see params.h.
  template <typename... Args>
  pqxx::result Exec(const Query& query, const Args&... args) {
    return Run(query, Params{}.Add(args...));
  }

  // Whose call this is. Tenant, actor, trace and permission come from here.
  const Caller& caller() const { return caller_; }

 protected:
  explicit Transaction(const Caller& caller) : caller_(caller) {}
  virtual pqxx::result Run(const Query& query, const Params& params) = 0;

 private:
  const Caller& caller_;
};

// A transaction that changes something.
class WriteTransaction : public Transaction {
 public:
  // Runs the statement in the same round trip as COMMIT, after everything
  // else, in the order of the calls. For statements whose result nobody needs:
  // audit entries, events, NOTIFY.
  template <typename... Args>
  void ExecAtCommit(const Query& query, const Args&... args) {
    RunAtCommit(query, Params{}.Add(args...));
  }

  // Called once after COMMIT was acknowledged, never otherwise. For waking
  // local workers; must not fail or block.
  virtual void AfterCommit(std::function<void()> hook) = 0;

  // Once COMMIT was acknowledged, tells the pool's Observer (OnSignal) that
  // `topic` has news of `tenant`. For waking workers and watchers, which also
  // look by themselves now and then: a process may end between the two. Not
  // NOTIFY, which lets transactions commit only one after the other.
  // `topic`: a constant.
  virtual void SignalAfterCommit(std::string_view topic, std::string tenant) = 0;

  // When this transaction began, by the injected clock, to the microsecond.
  virtual absl::Time time() const = 0;

 protected:
  using Transaction::Transaction;
  virtual void RunAtCommit(const Query& query, const Params& params) = 0;
};

class Session;

// A service's database. Thread-safe.
//
// Tenant binding: every statement runs with the setting `sockel.tenant` =
// caller.tenant, which FORCEd row-level security compares with `tenant_id`.
//
// Errors of all runners, besides those the lambda returns:
//   UNAVAILABLE/DATABASE_UNAVAILABLE (RetryInfo): no connection, server
//     stopping, commit outcome unknown (repeat with the same request_id)
//   RESOURCE_EXHAUSTED/OVERLOADED (RetryInfo): no free connection in time
//   DEADLINE_EXCEEDED: the caller's deadline passed before a statement, or
//     cancelled one (rounded up, see StatementTimeout in connection.h)
//   ABORTED/CONFLICT (RetryInfo): lost to concurrent changes, retries used up
//   INTERNAL: anything else; the log has the driver's text
class Database {
 public:
  Database(Pool& pool, const Clock& clock);

  // Reads. Each Exec is its own statement on the latest committed state: one
  // round trip. `name` labels metrics and log. fn: StatusOr<T>(Transaction&).
  // A statement that tries to write fails.
  template <typename Fn>
  auto Read(const Caller& caller, std::string_view name, Fn&& fn)
      -> std::invoke_result_t<Fn, Transaction&> {
    return Typed<Transaction>(caller, name, Mode::kRead, std::forward<Fn>(fn));
  }

  // Reads that must see one and the same state: REPEATABLE READ, READ ONLY.
  template <typename Fn>
  auto ReadSnapshot(const Caller& caller, std::string_view name, Fn&& fn)
      -> std::invoke_result_t<Fn, Transaction&> {
    return Typed<Transaction>(caller, name, Mode::kReadSnapshot, std::forward<Fn>(fn));
  }

  // Changes something: BEGIN … COMMIT around fn (READ COMMITTED), rolled back when fn returns
  // an error or throws. fn: StatusOr<T>(WriteTransaction&); it may run several
  // times (serialization failure, deadlock), so its only effects are in `tx`.
  //
  // Idempotency: with caller.request_id set and T a message, T must be the
  // RPC's response: it is recorded in the same transaction. A request_id seen
  // before returns the recorded response and has no further effect (fn may be
  // entered, but does not get past its first Exec), or gives
  // INVALID_ARGUMENT/REQUEST_ID_REUSED when the content differs. An fn that
  // returns absl::Status or another type takes no part in this.
  //
  // Round trips: the first Exec brings BEGIN, the tenant and the idempotency
  // check with it; each further Exec; the statements kept for commit with the
  // idempotency record and COMMIT.
  template <typename Fn>
  auto Write(const Caller& caller, std::string_view name, Fn&& fn)
      -> std::invoke_result_t<Fn, WriteTransaction&> {
    return Typed<WriteTransaction>(caller, name, Mode::kWrite, std::forward<Fn>(fn));
  }

  // Answers whether the server does: SELECT 1 within `timeout`.
  absl::Status Ping(absl::Duration timeout);

  // The server's settings with which its own log gets to hold what statements
  // carry, `log_min_error_statement=error, …`; empty when there are none.
  absl::StatusOr<std::string> RevealingLogSettings(absl::Duration timeout);

 private:
  enum class Mode { kRead, kReadSnapshot, kWrite };

  // What the untyped runner needs to know of T: how to write an answer down
  // and read it back. Both null when T is no message.
  struct Codec {
    std::function<std::string()> serialize;
    std::function<bool(std::string_view)> parse;
  };

  using Body = std::function<absl::Status(Transaction&)>;

  // Where an attempt to write led.
  struct Attempt {
    enum class Outcome {
      kDone,      // committed, or failed for good
      kTryAgain,  // nothing happened, or the idempotency record will tell
      kRepeated,  // the request_id was answered before
    };
    Outcome outcome = Outcome::kDone;
    absl::Status status;
    bool lost_at_commit = false;  // the connection, so that nobody knows
  };

  absl::Status RunUntyped(const Caller& caller, std::string_view name, Mode mode,
                          const Codec& codec, const Body& body);
  absl::Status RunRead(const Caller& caller, Mode mode, const Body& body);
  absl::Status RunWrite(const Caller& caller, std::string_view name, const Codec& codec,
                        const Body& body);
  Attempt TryWrite(const Caller& caller, std::string_view name, const Codec& codec,
                   const Body& body);
  Attempt TryWriteIn(Session& session, const Caller& caller, std::string_view name,
                     const Codec& codec, const Body& body);
  Attempt AnswerRepeat(const Caller& caller, std::string_view name, const Codec& codec,
                       Attempt attempt);
  absl::StatusOr<bool> FirstAnswer(const Caller& caller, const Codec& codec);

  template <typename Tx, typename Fn>
  auto Typed(const Caller& caller, std::string_view name, Mode mode, Fn&& fn)
      -> std::invoke_result_t<Fn, Tx&>;

  Pool& pool_;
  const Clock& clock_;
};

}  // namespace sockel::pg

#include "common/pg/database_impl.h"
