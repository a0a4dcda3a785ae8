#include "common/auth/revocation_follower.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/clock/clock.h"
#include "common/clock/timestamp.h"
#include "common/trace/traceparent.h"
#include "sockel/identity/v1/authentication.grpc.pb.h"

namespace sockel::auth {
namespace {

using identity::v1::AuthenticationService;
using identity::v1::WatchRevocationsRequest;
using identity::v1::WatchRevocationsResponse;

enum class Ended { kWell, kBadly, kSilent };

// Waits for the one operation under way on `queue`. When it takes longer than
// `silence` the call is cancelled, which ends the operation.
Ended Wait(grpc::CompletionQueue& queue, grpc::ClientContext& context, absl::Duration silence) {
  void* tag = nullptr;
  bool ok = false;
  const auto deadline = std::chrono::system_clock::now() + absl::ToChronoMilliseconds(silence);
  if (queue.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::TIMEOUT) {
    context.TryCancel();
    queue.Next(&tag, &ok);
    return Ended::kSilent;
  }
  return ok ? Ended::kWell : Ended::kBadly;
}

}  // namespace

RevocationFollower::RevocationFollower(Connect identity, RevocationList& list, const Clock& clock,
                                       log::Logger logger, Options options)
    : connect_(std::move(identity)),
      list_(list),
      clock_(clock),
      log_(std::move(logger)),
      options_(options),
      channel_(connect_()),
      last_heard_(absl::Now()),
      thread_([this] { Run(); }) {}

RevocationFollower::~RevocationFollower() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    if (context_ != nullptr) context_->TryCancel();
  }
  thread_.join();
}

bool RevocationFollower::CaughtUp() const {
  absl::MutexLock lock(&mutex_);
  return caught_up_;
}

absl::Duration RevocationFollower::Age() const {
  absl::MutexLock lock(&mutex_);
  return absl::Now() - last_heard_;
}

void RevocationFollower::Run() {
  absl::Duration backoff = options_.least_backoff;
  while (true) {
    const bool heard = FollowOnce();
    backoff = heard ? options_.least_backoff : std::min(backoff * 2, options_.most_backoff);
    list_.Prune(clock_.Now());
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), backoff)) return;
  }
}

bool RevocationFollower::FollowOnce() {
  grpc::ClientContext context;
  // Finds in identity's log what our own one complains of.
  const trace::Context started = trace::Start();
  context.AddMetadata(std::string(trace::kHeader), trace::Format(started));
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return false;
    context_ = &context;
  }
  const Outcome outcome = ReadStream(context);
  {
    absl::MutexLock lock(&mutex_);
    context_ = nullptr;
    if (stopping_) return outcome.heard;
  }
  if (outcome.silent) channel_ = connect_();
  // Identity may have been set up anew, with other cursors: begin again.
  if (outcome.status.error_code() == grpc::StatusCode::INVALID_ARGUMENT) cursor_.clear();
  Report(outcome, started.trace_id);
  return outcome.heard;
}

RevocationFollower::Outcome RevocationFollower::ReadStream(grpc::ClientContext& context) {
  grpc::CompletionQueue queue;
  WatchRevocationsRequest request;
  request.set_cursor(cursor_);
  const auto stub = AuthenticationService::NewStub(channel_);
  auto reader = stub->PrepareAsyncWatchRevocations(&context, request, &queue);
  WatchRevocationsResponse response;
  Outcome outcome;
  reader->StartCall(&queue);
  Ended ended = Wait(queue, context, options_.silence);
  while (ended == Ended::kWell) {
    reader->Read(&response, &queue);
    ended = Wait(queue, context, options_.silence);
    if (ended != Ended::kWell) break;
    Apply(response);
    outcome.heard = true;
  }
  outcome.silent = ended == Ended::kSilent;
  reader->Finish(&outcome.status, &queue);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return outcome;
}

void RevocationFollower::Apply(const WatchRevocationsResponse& response) {
  for (const identity::v1::Revocation& revocation : response.revocations()) {
    list_.Add({revocation.subject(), FromTimestamp(revocation.revoke_time()),
               FromTimestamp(revocation.expire_time())});
  }
  if (!response.cursor().empty()) cursor_ = response.cursor();
  list_.Prune(clock_.Now());
  if (reported_down_) log_.Info("following revocations again");
  reported_down_ = false;
  absl::MutexLock lock(&mutex_);
  last_heard_ = absl::Now();
  caught_up_ = caught_up_ || response.caught_up();
}

// Once per outage, not once per attempt. A stream that only ended is no outage.
void RevocationFollower::Report(const Outcome& outcome, const std::string& trace_id) {
  if (outcome.heard || reported_down_) return;
  reported_down_ = true;
  log_.Warning("cannot follow revocations; those known stay in force",
               {{"code", static_cast<int>(outcome.status.error_code())},
                {"error", outcome.status.error_message()},
                {"trace_id", trace_id}});
}

}  // namespace sockel::auth
