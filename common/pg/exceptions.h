#pragma once

#include <string_view>

#include "absl/status/status.h"

// Where libpqxx exceptions end. Private to common/pg.
namespace sockel::pg {

// Carries a status through the lambda of a transaction. Not a std::exception:
// nobody catches it by accident.
struct StatusException {
  absl::Status status;
};

// The server says that this request_id was answered before. Likewise.
struct RepeatedRequest {};

// The state with which the function sockel_refuse_repeat() ends a transaction.
inline constexpr std::string_view kRepeatedRequestState = "SK001";

enum class FailureKind {
  kFinal,           // the transaction did not happen, and would not if repeated
  kConflict,        // it did not happen; worth another try
  kConnectionLost,  // nobody can tell; the connection is useless
};

struct Failure {
  FailureKind kind;
  absl::Status status;
};

// What the exception being handled means. `where` goes to the log with the
// driver's text. Call it in a catch block.
Failure FailureOfCurrentException(std::string_view where);

// UNAVAILABLE/DATABASE_UNAVAILABLE with RetryInfo.
absl::Status DatabaseUnavailable();
// DEADLINE_EXCEEDED/DEADLINE_TOO_SHORT.
absl::Status DeadlinePassed();

}  // namespace sockel::pg
