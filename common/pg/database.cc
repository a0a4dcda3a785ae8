#include "common/pg/database.h"

#include <optional>
#include <utility>

#include "absl/random/random.h"
#include "absl/time/clock.h"
#include "common/error/error.h"
#include "common/pg/exceptions.h"
#include "common/pg/idempotency_store.h"
#include "common/pg/transaction.h"

namespace sockel::pg {
namespace {

constexpr int kMostAttempts = 6;

// Full jitter: 10, 20, 40 … 160 ms at most.
absl::Duration BackOff(int attempt) {
  static thread_local absl::BitGen random;
  const double most = 5.0 * static_cast<double>(1 << attempt);
  return absl::Milliseconds(absl::Uniform(random, 0.0, most));
}

bool IsIdempotent(const Caller& caller, bool answer_is_message) {
  return answer_is_message && !caller.request_id.empty();
}

Caller PingCaller(absl::Time deadline) {
  Caller caller = Caller::System("");
  caller.deadline = deadline;
  return caller;
}

}  // namespace

Database::Database(Pool& pool, const Clock& clock) : pool_(pool), clock_(clock) {}

absl::Status Database::Ping(absl::Duration timeout) {
  static constexpr Query kPing{"pg.ping", "SELECT 1"};
  return Read(PingCaller(clock_.Now() + timeout), "pg.ping", [](Transaction& tx) -> absl::Status {
    tx.Exec(kPing);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::string> Database::RevealingLogSettings(absl::Duration timeout) {
  // Of these formats `terse` takes nothing away: only whole errors can be left out.
  static constexpr Query kSettings{
      "pg.log_settings",
      "SELECT coalesce(string_agg(name || '=' || setting, ', ' ORDER BY name), '') "
      "FROM pg_settings "
      "WHERE (name = 'log_min_error_statement' AND setting NOT IN ('fatal', 'panic')) "
      "OR (name = 'log_error_verbosity' AND setting <> 'terse') "
      "OR (name = 'log_statement' AND setting <> 'none') "
      "OR (name IN ('log_min_duration_statement', 'log_min_duration_sample') AND setting <> '-1') "
      "OR (name = 'log_transaction_sample_rate' AND setting <> '0') "
      "OR (name IN ('debug_print_parse', 'debug_print_rewritten', 'debug_print_plan') "
      "AND setting <> 'off') "
      "OR (name = 'log_min_messages' AND setting NOT IN ('log', 'fatal', 'panic') "
      "AND current_setting('log_destination') ~ 'csvlog|jsonlog')"};
  return Read(PingCaller(clock_.Now() + timeout), "pg.log_settings",
              [](Transaction& tx) -> absl::StatusOr<std::string> {
                return tx.Exec(kSettings)[0][0].as<std::string>();
              });
}

absl::Status Database::RunUntyped(const Caller& caller, std::string_view name, Mode mode,
                                  const Codec& codec, const Body& body) {
  const absl::Time start = absl::Now();
  absl::Status status;
  try {
    status =
        mode == Mode::kWrite ? RunWrite(caller, name, codec, body) : RunRead(caller, mode, body);
  } catch (const StatusException& e) {
    status = e.status;
  } catch (const std::exception&) {
    status = FailureOfCurrentException(name).status;
  }
  pool_.observer().OnTransaction(name, absl::Now() - start, status);
  return status;
}

absl::Status Database::RunRead(const Caller& caller, Mode mode, const Body& body) {
  Session session(pool_, clock_, caller);
  if (mode == Mode::kRead) {
    ReadTransaction tx(session, caller);
    return body(tx);
  }
  SnapshotTransaction tx(session, caller);
  try {
    absl::Status status = body(tx);
    tx.End();
    return status;
  } catch (...) {
    tx.End();
    throw;
  }
}

absl::Status Database::RunWrite(const Caller& caller, std::string_view name, const Codec& codec,
                                const Body& body) {
  bool may_be_committed = false;
  for (int number = 1;; ++number) {
    Attempt attempt = TryWrite(caller, name, codec, body);
    may_be_committed = may_be_committed || attempt.lost_at_commit;
    if (IsIdempotent(caller, codec.serialize != nullptr) && !attempt.status.ok()) {
      attempt = AnswerRepeat(caller, name, codec, std::move(attempt));
    }
    const absl::Duration pause = BackOff(number);
    if (attempt.outcome == Attempt::Outcome::kDone || number == kMostAttempts ||
        clock_.Now() + pause >= caller.deadline) {
      // A refusal by a later attempt says nothing about an earlier one whose
      // COMMIT is in doubt.
      return may_be_committed && !attempt.status.ok() ? DatabaseUnavailable() : attempt.status;
    }
    pool_.observer().OnRetry(name);
    absl::SleepFor(pause);
  }
}

Database::Attempt Database::TryWrite(const Caller& caller, std::string_view name,
                                     const Codec& codec, const Body& body) {
  std::optional<Session> session;
  try {
    session.emplace(pool_, clock_, caller);
  } catch (const StatusException& e) {
    return {.status = e.status};
  }
  return TryWriteIn(*session, caller, name, codec, body);
}

Database::Attempt Database::TryWriteIn(Session& session, const Caller& caller,
                                       std::string_view name, const Codec& codec,
                                       const Body& body) {
  using Outcome = Attempt::Outcome;
  const bool idempotent = IsIdempotent(caller, codec.serialize != nullptr);
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
  WriteTransactionImpl tx(session, caller, now, idempotent);
  Attempt attempt;
  bool committing = false;
  try {
    attempt.status = body(tx);
    if (attempt.status.ok()) {
      if (idempotent) RecordAnswer(tx, codec.serialize());
      committing = true;
      tx.Commit();
      tx.RunHooks();
      return attempt;
    }
  } catch (const RepeatedRequest&) {
    attempt = {Outcome::kRepeated, DatabaseUnavailable()};
  } catch (const StatusException& e) {
    attempt.status = e.status;
  } catch (const std::exception&) {
    const Failure failure = FailureOfCurrentException(name);
    attempt.status = failure.status;
    const bool lost = session.broken() || failure.kind == FailureKind::kConnectionLost;
    if (lost) session.Discard();
    attempt.lost_at_commit = lost && committing;
    // COMMIT may or may not have arrived. The record in the same transaction
    // makes it safe to try again: it either stops us or was never written.
    const bool provable = attempt.lost_at_commit && idempotent;
    if (failure.kind == FailureKind::kConflict || provable) attempt.outcome = Outcome::kTryAgain;
  }
  tx.Rollback();
  return attempt;
}

// Gives the first answer, if there is one: the request was repeated, or a twin
// that ran at the same time is what made us fail.
Database::Attempt Database::AnswerRepeat(const Caller& caller, std::string_view name,
                                         const Codec& codec, Attempt attempt) {
  using Outcome = Attempt::Outcome;
  if (attempt.outcome == Outcome::kTryAgain) return attempt;  // it will look itself
  const bool repeated = attempt.outcome == Outcome::kRepeated;
  const absl::StatusOr<bool> found = FirstAnswer(caller, codec);
  if (found.ok() && *found) {
    pool_.observer().OnRepeatedRequest(name);
    return {Outcome::kDone, absl::OkStatus()};
  }
  // Purged between two looks.
  if (found.ok()) return {repeated ? Outcome::kTryAgain : Outcome::kDone, attempt.status};
  const bool reused =
      error::ReasonOf(found.status()) == CommonReason_Name(error::CommonReason::REQUEST_ID_REUSED);
  return {Outcome::kDone, repeated || reused ? found.status() : attempt.status};
}

// Whether the request was answered before; if so, the answer is now the result.
absl::StatusOr<bool> Database::FirstAnswer(const Caller& caller, const Codec& codec) {
  absl::StatusOr<std::optional<RecordedAnswer>> answer =
      Read(caller, "pg.first_answer",
           [](Transaction& tx) -> absl::StatusOr<std::optional<RecordedAnswer>> {
             return FindAnswer(tx);
           });
  if (!answer.ok()) return answer.status();
  if (!answer->has_value()) return false;
  if ((*answer)->request_hash != caller.request_hash) {
    return error::Make(absl::StatusCode::kInvalidArgument, error::CommonReason::REQUEST_ID_REUSED,
                       "request_id was used before for another request; use a new one.");
  }
  if (!codec.parse((*answer)->response)) return error::Internal("recorded answer is unreadable");
  return true;
}

}  // namespace sockel::pg
