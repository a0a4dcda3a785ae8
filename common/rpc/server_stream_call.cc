#include "common/rpc/server_stream_call.h"

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sockel::rpc::internal {
namespace {

absl::Status TokenExpired() {
  return error::Make(absl::StatusCode::kUnauthenticated, error::CommonReason::TOKEN_EXPIRED,
                     "the token has expired: come back with a new one, from the last cursor");
}

}  // namespace

ServerStreamBase::ServerStreamBase(Core& core, const MethodState& method,
                                   grpc::CallbackServerContext* context)
    : call_(core, method, context),
      waker_(std::make_shared<Waker>()),
      wake_([waker = waker_] { waker->Wake(); }) {
  absl::MutexLock lock(&waker_->mutex);
  waker_->stream = this;
}

void ServerStreamBase::Start() {
  Core& core = call_.core();
  absl::Status status = call_.Admit(absl::InfiniteDuration(), core.workers());
  if (status.ok()) {
    core.streams().Add(*this);
    if (core.streams().TakePlace(*this) && core.workers().TrySubmit(*this)) return;
    status = Overloaded(core.workers());
  }
  End(status);
}

void ServerStreamBase::Waker::RunIfWaiting() {
  if (state != State::kWaiting) return;
  state = State::kRunning;
  stream->call_.core().workers().SubmitAdmitted(*stream);
}

void ServerStreamBase::Waker::Wake() {
  absl::MutexLock lock(&mutex);
  woken = true;
  RunIfWaiting();
}

void ServerStreamBase::OnDrain() {
  absl::MutexLock lock(&waker_->mutex);
  waker_->draining = true;
  waker_->RunIfWaiting();
}

void ServerStreamBase::OnCancelled() {
  absl::MutexLock lock(&waker_->mutex);
  waker_->cancelled = true;
  waker_->RunIfWaiting();
}

void ServerStreamBase::OnWritten(bool ok) {
  absl::MutexLock lock(&waker_->mutex);
  if (!ok) waker_->cancelled = true;
  waker_->state = State::kRunning;
  call_.core().workers().SubmitAdmitted(*this);
}

// Only cancelling ends a stream whose message is not taken; why, the client cannot
// be told. gRPC hands OnWritten() to a thread of its own.
void ServerStreamBase::OnIdleCheck(absl::Time since) {
  absl::MutexLock lock(&waker_->mutex);
  if (waker_->state != State::kWriting || !waker_->given_up.ok()) return;
  waker_->given_up = call_.StillAllowed();
  if (waker_->given_up.ok() && waker_->writing_since <= since) {
    waker_->given_up = Idle("took nothing");
  }
  if (!waker_->given_up.ok()) call_.Cancel();
}

absl::Status ServerStreamBase::Interruption() {
  absl::MutexLock lock(&waker_->mutex);
  waker_->woken = false;
  if (!waker_->given_up.ok()) return waker_->given_up;
  return waker_->cancelled ? Cancelled() : absl::OkStatus();
}

absl::Status ServerStreamBase::Begin() {
  begun_ = true;
  if (absl::Status status = call_.StillWanted(); !status.ok()) return status;
  if (absl::Status status = call_.Prepare(request()); !status.ok()) return status;
  if (absl::Status status = call_.TakeShare(*this); !status.ok()) return status;
  return Open(call_.caller());
}

void ServerStreamBase::Run() {
  for (;;) {
    if (absl::Status status = Interruption(); !status.ok()) return End(status);
    absl::StatusOr<Pull> pull = Guarded([this]() -> absl::StatusOr<Pull> {
      absl::Status status = begun_ ? call_.StillAllowed() : Begin();
      return status.ok() ? Next(wake_) : status;
    });
    if (!pull.ok()) return End(pull.status());
    if (HandlePull(*pull)) return;
  }
}

bool ServerStreamBase::HandlePull(Pull pull) {
  switch (pull) {
    case Pull::kMessage: {
      {
        absl::MutexLock lock(&waker_->mutex);
        waker_->state = State::kWriting;
        waker_->writing_since = absl::Now();
      }
      Write();  // OnWritten() may run before this returns
      return true;
    }
    case Pull::kEnd:
      End(absl::OkStatus());
      return true;
    case Pull::kWait:
      break;
  }
  return Wait();
}

// Who has something to send may send it to the end; who waits for news could
// do so for ever, so its client comes back with a new token.
bool ServerStreamBase::Wait() {
  if (call_.HasExpired()) {
    End(TokenExpired());
    return true;
  }
  {
    absl::MutexLock lock(&waker_->mutex);
    if (waker_->cancelled) return false;
    if (!waker_->draining) {
      if (waker_->woken) return false;
      waker_->state = State::kWaiting;
      return true;
    }
  }
  End(Draining());
  return true;
}

void ServerStreamBase::End(const absl::Status& status) {
  {
    absl::MutexLock lock(&waker_->mutex);
    waker_->state = State::kEnded;
    waker_->stream = nullptr;
  }
  call_.core().streams().Remove(*this);
  CloseSource();
  FinishReactor(call_.Conclude(status));  // `this` may be gone when it returns
}

}  // namespace sockel::rpc::internal
