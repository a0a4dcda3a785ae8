#include "common/rpc/unary_call.h"

namespace sockel::rpc::internal {

grpc::ServerUnaryReactor* UnaryCallBase::Start(Where where, WorkerPool& pool) {
  grpc::ServerUnaryReactor* const reactor = reactor_;  // `this` may be gone at the end
  absl::Status status = call_.Admit(call_.core().options().default_deadline, pool);
  if (!status.ok()) {
    Finish(status);
  } else if (where == Where::kInline && call_.IsCallerKnown()) {
    Finish(Execute());
  } else if (!pool.TrySubmit(*this)) {
    Finish(Overloaded(pool));
  }
  return reactor;
}

void UnaryCallBase::Run() {
  absl::Status status = call_.StillWanted();
  Finish(status.ok() ? Execute() : status);
}

absl::Status UnaryCallBase::Execute() {
  return Guarded([this]() -> absl::Status {
    if (absl::Status status = call_.Prepare(request()); !status.ok()) return status;
    return Handle(call_.caller());
  });
}

void UnaryCallBase::Finish(const absl::Status& status) {
  // Request, response and context may be gone as soon as Finish is called.
  const grpc::Status wire = call_.Conclude(status);
  grpc::ServerUnaryReactor* const reactor = reactor_;
  delete this;
  reactor->Finish(wire);
}

}  // namespace sockel::rpc::internal
