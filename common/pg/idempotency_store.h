#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/pg/database.h"

// The table idempotency_keys. Private to common/pg.
namespace sockel::pg {

struct RecordedAnswer {
  std::string request_hash;
  std::string response;
};

// What was answered to the caller's request_id.
std::optional<RecordedAnswer> FindAnswer(Transaction& tx);

// Records the answer when the transaction commits. A twin of the request that
// was faster makes COMMIT fail.
void RecordAnswer(WriteTransaction& tx, std::string_view response);

}  // namespace sockel::pg
