#include "common/rpc/client_stream_call.h"

#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include "absl/time/clock.h"

namespace sockel::rpc::internal {
namespace {

// gRPC tells of a message that does not parse what it tells of the end of the
// stream: no more. But whoever parses clears the message first, so that a mark
// in it tells whether anything came. No field on the wire has the number 0.
constexpr int kMark = 0;

void Mark(google::protobuf::Message& message) {
  message.GetReflection()->MutableUnknownFields(&message)->AddVarint(kMark, 0);
}

bool IsMarked(const google::protobuf::Message& message) {
  const google::protobuf::UnknownFieldSet& fields =
      message.GetReflection()->GetUnknownFields(message);
  return !fields.empty() && fields.field(fields.field_count() - 1).number() == kMark;
}

}  // namespace

void ClientStreamBase::Start() {
  Core& core = call_.core();
  absl::Status status = call_.Admit(absl::InfiniteDuration(), core.workers());
  if (!status.ok()) return End(status);
  {
    absl::MutexLock lock(&mutex_);
    last_heard_ = absl::Now();
  }
  core.streams().Add(*this);
  Read();
}

void ClientStreamBase::Read() {
  Mark(spare());
  StartReading();
}

void ClientStreamBase::OnRead(bool ok) {
  bool first = false;
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    if (!ok) {
      complete_ = true;
      malformed_ = !IsMarked(spare());
    }
    last_heard_ = absl::Now();
    if (busy_) {
      received_ = ok;
      return;
    }
    if (ok) Swap();
    has_current_ = ok;
    busy_ = true;
    first = !admitted_;
    admitted_ = true;
  }
  // Busy, and no step queued: nobody else ends the stream meanwhile.
  Core& core = call_.core();
  const bool placed = !first || core.streams().TakePlace(*this);
  if (!placed || !Submit(first, ok)) End(Overloaded(core.workers()));
}

bool ClientStreamBase::Submit(bool first, bool read_on) {
  // Under the mutex, so that the step just queued cannot end the stream first.
  absl::MutexLock lock(&mutex_);
  if (!first) {
    call_.core().workers().SubmitAdmitted(*this);
  } else if (!call_.core().workers().TrySubmit(*this)) {
    return false;
  }
  if (read_on) Read();
  return true;
}

void ClientStreamBase::OnIdleCheck(absl::Time since) {
  absl::MutexLock lock(&mutex_);
  if (ended_ || busy_ || last_heard_ > since) return;
  busy_ = idle_ = admitted_ = true;
  call_.core().workers().SubmitAdmitted(*this);
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

bool ClientStreamBase::IsMalformed() {
  absl::MutexLock lock(&mutex_);
  return malformed_;
}

absl::Status ClientStreamBase::Consume() {
  if (opened_) {
    if (absl::Status status = call_.StillAllowed(); !status.ok()) return status;
    if (absl::Status status = call_.ValidateNext(current()); !status.ok()) return status;
    return WriteCurrent();
  }
  opened_ = true;
  if (absl::Status status = call_.StillWanted(); !status.ok()) return status;
  if (absl::Status status = call_.Prepare(current()); !status.ok()) return status;
  if (absl::Status status = call_.TakeShare(*this); !status.ok()) return status;
  if (absl::Status status = Open(call_.caller()); !status.ok()) return status;
  return WriteCurrent();
}

ClientStreamBase::After ClientStreamBase::TakeNext() {
  absl::MutexLock lock(&mutex_);
  if (received_) {
    received_ = false;
    Swap();
    has_current_ = true;
    Read();
    return After::kMore;
  }
  if (complete_) return After::kComplete;
  busy_ = false;
  return After::kIdle;
}

// One message a step: whoever sends fast shares the workers with all others.
void ClientStreamBase::Run() {
  bool has_message = false;
  bool idle = false;
  {
    absl::MutexLock lock(&mutex_);
    has_message = has_current_;
    idle = idle_;
  }
  if (IsCancelled()) return End(Cancelled());
  if (idle) return End(Idle("sent nothing"));
  if (has_message) {
    absl::Status status = Guarded([this] { return Consume(); });
    if (!status.ok()) return End(status);
    switch (TakeNext()) {
      case After::kIdle:
        return;
      case After::kMore:
        return call_.core().workers().SubmitAdmitted(*this);
      case After::kComplete:
        break;
    }
  }
  End(Guarded([this] { return Complete(); }));
}

absl::Status ClientStreamBase::Complete() {
  if (IsMalformed()) return call_.Malformed();
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
  call_.core().streams().Remove(*this);
  CloseSink();
  FinishReactor(call_.Conclude(status));  // `this` may be gone when it returns
}

}  // namespace sockel::rpc::internal
