#include "common/rpc/client_stream_call.h"

#include "absl/time/time.h"

namespace sockel::rpc::internal {

void ClientStreamBase::Start() {
  Core& core = call_.core();
  absl::Status status = call_.Admit(absl::InfiniteDuration());
  if (status.ok()) {
    listed_ = core.AddStream(*this);
    if (listed_) return Read();
    status = Overloaded(core.workers());
  }
  End(status);
}

void ClientStreamBase::OnRead(bool ok) {
  bool read_on = false;
  bool refuse = false;
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    if (!ok) complete_ = true;
    if (busy_) {
      received_ = ok;
      return;
    }
    if (ok) Swap();
    has_current_ = ok;
    busy_ = true;
    if (!admitted_) {
      refuse = !call_.core().workers().TrySubmit(*this);
      admitted_ = !refuse;
    } else {
      call_.core().workers().SubmitAdmitted(*this);
    }
    read_on = ok && !refuse;
    // Under the mutex, so that the step just queued cannot end the stream first.
    if (read_on) Read();
  }
  if (refuse) End(Overloaded(call_.core().workers()));
}

void ClientStreamBase::OnCancelled() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  // A read is under way whenever no step is: its failure brings the end.
}

bool ClientStreamBase::IsCancelled() {
  absl::MutexLock lock(&mutex_);
  return cancelled_ || call_.context().IsCancelled();
}

absl::Status ClientStreamBase::Consume() {
  if (opened_) {
    if (absl::Status status = call_.ValidateNext(current()); !status.ok()) return status;
    return WriteCurrent();
  }
  opened_ = true;
  if (absl::Status status = call_.StillWanted(); !status.ok()) return status;
  if (absl::Status status = call_.Prepare(current()); !status.ok()) return status;
  if (absl::Status status = Open(call_.caller()); !status.ok()) return status;
  return WriteCurrent();
}

ClientStreamBase::After ClientStreamBase::TakeNext() {
  absl::MutexLock lock(&mutex_);
  if (received_) {
    received_ = false;
    Swap();
    Read();
    return After::kMore;
  }
  if (complete_) return After::kComplete;
  busy_ = false;
  return After::kIdle;
}

void ClientStreamBase::Run() {
  bool has_message = false;
  {
    absl::MutexLock lock(&mutex_);
    has_message = has_current_;
  }
  for (;;) {
    if (IsCancelled()) return End(Cancelled());
    if (!has_message) return End(Guarded([this] { return Complete(); }));
    absl::Status status = Guarded([this] { return Consume(); });
    if (!status.ok()) return End(status);
    const After after = TakeNext();
    if (after == After::kIdle) return;
    has_message = after == After::kMore;
  }
}

absl::Status ClientStreamBase::Complete() {
  if (opened_) return FinishSink();
  // Says what is missing from a caller who may ask; others hear that first.
  if (absl::Status status = call_.Prepare(current()); !status.ok()) return status;
  return error::Make(absl::StatusCode::kInvalidArgument, error::CommonReason::FIELD_INVALID,
                     "the stream must have at least one message");
}

void ClientStreamBase::End(const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  if (listed_) call_.core().RemoveStream(*this);
  CloseSink();
  FinishReactor(call_.Conclude(status));  // `this` may be gone when it returns
}

}  // namespace sockel::rpc::internal
