#include "services/identity/revocations/token_gate.h"

#include "services/identity/revocations/token_gate_store.h"

namespace sockel::identity {

absl::Time TokenGate::Enter(pg::WriteTransaction& tx) const {
  const absl::Time entered = token_gate_store::Enter(tx);
  return clock_ != nullptr ? clock_->Now() : entered;
}

void TokenGate::Close(pg::WriteTransaction& tx) const { token_gate_store::Close(tx); }

absl::Time TokenGate::Now(pg::WriteTransaction& tx) const {
  return clock_ != nullptr ? clock_->Now() : token_gate_store::Now(tx);
}

}  // namespace sockel::identity
