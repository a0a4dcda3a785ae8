#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "common/pg/connection.h"
#include "common/pg/database.h"

// How Database's transactions talk to the server. Private to common/pg.
namespace sockel::pg {

// A lent connection, exchanged for a fresh one when the first message shows
// that it died while nobody used it (the server was restarted).
class Session {
 public:
  using Statement = std::function<pqxx::result(Connection&)>;

  // Throws StatusException when there is no connection.
  Session(Pool& pool, const Clock& clock, const Caller& caller);

  // Only for messages that change nothing: they are sent again, once, on a new
  // connection.
  pqxx::result RunHarmless(const Statement& statement);

  // The statement timeout that the caller's deadline leaves. Throws
  // StatusException when it has passed.
  absl::Duration Timeout();

  Connection& connection() { return **lease_; }
  bool broken() { return !lease_.has_value() || connection().broken(); }
  void Discard() {
    if (lease_.has_value()) lease_->Discard();
  }
  Observer& observer() { return pool_.observer(); }

 private:
  void Open();
  absl::Duration Remaining() const;

  Pool& pool_;
  const Clock& clock_;
  const Caller& caller_;
  std::optional<Pool::Lease> lease_;
};

class ReadTransaction final : public Transaction {
 public:
  ReadTransaction(Session& session, const Caller& caller)
      : Transaction(caller), session_(session) {}
  ~ReadTransaction() override = default;

 private:
  pqxx::result Run(const Query& query, const Params& params) override;

  Session& session_;
};

class SnapshotTransaction final : public Transaction {
 public:
  SnapshotTransaction(Session& session, const Caller& caller)
      : Transaction(caller), session_(session) {}
  ~SnapshotTransaction() override = default;

  // Ends it on the server; a failure only costs the connection.
  void End() noexcept;

 private:
  pqxx::result Run(const Query& query, const Params& params) override;

  Session& session_;
  bool begun_ = false;
  bool failed_ = false;
};

class WriteTransactionImpl final : public WriteTransaction {
 public:
  // `check_repeat`: ends with RepeatedRequest when the request was answered.
  WriteTransactionImpl(Session& session, const Caller& caller, absl::Time time, bool check_repeat)
      : WriteTransaction(caller), session_(session), time_(time), check_repeat_(check_repeat) {}
  ~WriteTransactionImpl() override = default;

  // Sends what was kept and COMMIT. Throws when that failed: the outcome is
  // unknown exactly when the connection is lost.
  void Commit();
  void RunHooks();
  // A failure only costs the connection.
  void Rollback() noexcept;

  void AfterCommit(std::function<void()> hook) override { hooks_.push_back(std::move(hook)); }
  void SignalAfterCommit(std::string_view topic, std::string tenant) override {
    hooks_.push_back([observer = &session_.observer(), topic, tenant = std::move(tenant)] {
      observer->OnSignal(topic, tenant);
    });
  }
  absl::Time time() const override { return time_; }

 private:
  pqxx::result Run(const Query& query, const Params& params) override;
  void RunAtCommit(const Query& query, const Params& params) override {
    deferred_.emplace_back(query, params);
  }

  void AppendBegin(Connection& connection, std::string& sql);
  // Renews the statement timeout when the deadline has come closer.
  void AppendTimeout(Connection& connection, std::string& sql);
  pqxx::result Guarded(const Session::Statement& statement);
  void RefuseAfterFailure() const;

  Session& session_;
  const absl::Time time_;
  const bool check_repeat_;
  std::vector<std::pair<Query, Params>> deferred_;
  std::vector<std::function<void()>> hooks_;
  bool begun_ = false;      // something was sent
  bool failed_ = false;     // the server refused something
  absl::Duration timeout_;  // that is set
};

}  // namespace sockel::pg
