#include "common/pg/exceptions.h"

#include <exception>
#include <string>

#include <pqxx/pqxx>

#include "common/error/error.h"
#include "common/log/log.h"
#include "common/pg/params.h"

namespace sockel::pg {
namespace {

using error::CommonReason;

// The driver's first line; what follows quotes the statement and its values.
std::string FirstLine(const char* text) {
  const std::string_view whole(text);
  return std::string(whole.substr(0, whole.find('\n')));
}

Failure Lost(std::string_view where, const char* text) {
  log::Warning("database connection lost", {{"query", where}, {"error", FirstLine(text)}});
  return {FailureKind::kConnectionLost, DatabaseUnavailable()};
}

Failure Conflict() {
  absl::Status status = error::Make(absl::StatusCode::kAborted, CommonReason::CONFLICT,
                                    "Others changed the same data at the same time; try again.");
  error::SetRetryAfter(status, absl::Milliseconds(100));
  return {FailureKind::kConflict, std::move(status)};
}

Failure Defect(std::string_view where, std::string_view text, std::string_view state = "") {
  std::string message(where);
  message.append(": ").append(text);
  if (!state.empty()) message.append(" (SQLSTATE ").append(state).append(")");
  return {FailureKind::kFinal, error::Internal(message)};
}

Failure InvalidCharacters() {
  return {FailureKind::kFinal,
          error::Make(absl::StatusCode::kInvalidArgument, CommonReason::FIELD_INVALID,
                      "A text holds a NUL byte or is not valid UTF-8.")};
}

Failure StorageFull() {
  return {FailureKind::kFinal,
          error::Make(absl::StatusCode::kResourceExhausted, CommonReason::STORAGE_FULL,
                      "The database has no space left; nothing was changed.")};
}

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// Codes: PostgreSQL manual, appendix A.
Failure FailureOfState(std::string_view where, const pqxx::sql_error& e) {
  const std::string& state = e.sqlstate();
  if (state == "57014") return {FailureKind::kFinal, DeadlinePassed()};  // query_canceled
  if (StartsWith(state, "40") || state == "55P03") return Conflict();
  // Shutdown, crash of another session, start-up, connection exceptions, and
  // more than the server can hold.
  if (StartsWith(state, "57P") || StartsWith(state, "08") || state == "25P03" || state == "53300" ||
      state == "53200") {
    return Lost(where, e.what());
  }
  if (state == "53100") return StorageFull();
  if (state == "22021" || state == "22P05") return InvalidCharacters();
  return Defect(where, FirstLine(e.what()), state);
}

}  // namespace

absl::Status DatabaseUnavailable() {
  return error::Unavailable(
      CommonReason::DATABASE_UNAVAILABLE,
      "The database does not answer; try again, with the same request_id if the "
      "request has one.");
}

absl::Status DeadlinePassed() {
  return error::Make(absl::StatusCode::kDeadlineExceeded, CommonReason::DEADLINE_TOO_SHORT,
                     "The deadline passed before the database had answered.");
}

Failure FailureOfCurrentException(std::string_view where) {
  try {
    throw;
  } catch (const StatusException& e) {
    return {FailureKind::kFinal, e.status};
  } catch (const InvalidText&) {
    return InvalidCharacters();
  } catch (const pqxx::in_doubt_error& e) {
    return Lost(where, e.what());
  } catch (const pqxx::statement_completion_unknown& e) {
    return Lost(where, e.what());
  } catch (const pqxx::transaction_rollback&) {
    return Conflict();
  } catch (const pqxx::broken_connection& e) {
    return Lost(where, e.what());
  } catch (const pqxx::feature_not_supported& e) {
    // "cached plan must not change result type": the schema moved on; a new
    // connection prepares anew.
    return {FailureKind::kConnectionLost, Defect(where, FirstLine(e.what()), "0A000").status};
  } catch (const pqxx::sql_error& e) {
    return FailureOfState(where, e);
  } catch (const std::exception& e) {
    return Defect(where, FirstLine(e.what()));
  }
}

}  // namespace sockel::pg
