#include "common/auth/identity_key_source.h"

#include <utility>

#include "common/auth/jwks.h"
#include "common/clock/clock.h"
#include "sockel/identity/v1/authentication.grpc.pb.h"

namespace sockel::auth {
namespace {

// More would let a slow identity hold all workers while somebody sends tokens
// with invented key ids.
constexpr int kMaxWaiting = 2;

}  // namespace

IdentityKeySource::IdentityKeySource(std::shared_ptr<grpc::Channel> identity, const Clock& clock,
                                     log::Logger logger, Options options)
    : channel_(std::move(identity)),
      clock_(clock),
      log_(std::move(logger)),
      options_(options),
      thread_([this] { Run(); }) {}

IdentityKeySource::~IdentityKeySource() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    if (context_ != nullptr) context_->TryCancel();
  }
  thread_.join();
}

bool IdentityKeySource::Refresh() {
  absl::MutexLock lock(&mutex_);
  if (stopping_ || waiting_ >= kMaxWaiting) return false;
  const absl::Duration since = clock_.Now() - last_start_;  // negative: the clock was set back
  if (!fetching_ && since >= absl::ZeroDuration() && since < options_.least_between) return false;
  wanted_ = wanted_ || !fetching_;
  const uint64_t before = fetches_;
  const auto fetched = [this, before]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || fetches_ != before;
  };
  ++waiting_;
  mutex_.AwaitWithTimeout(absl::Condition(&fetched), options_.wait);
  --waiting_;
  return fetches_ != before && last_ok_;
}

void IdentityKeySource::Run() {
  while (true) {
    const bool ok = Fetch();
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    mutex_.AwaitWithTimeout(absl::Condition(this, &IdentityKeySource::NextIsDue),
                            ok ? options_.interval : options_.retry_interval);
    if (stopping_) return;
  }
}

bool IdentityKeySource::Fetch() {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + options_.timeout));
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return false;
    wanted_ = false;
    fetching_ = true;
    last_start_ = clock_.Now();
    context_ = &context;
  }
  identity::v1::GetJwksResponse response;
  const grpc::Status status = identity::v1::AuthenticationService::NewStub(channel_)->GetJwks(
      &context, identity::v1::GetJwksRequest(), &response);
  absl::StatusOr<std::vector<Key>> keys =
      status.ok() ? ParseJwks(response.jwks()) : absl::UnavailableError(status.error_message());
  if (keys.ok()) keys_.Set(*keys);

  absl::MutexLock lock(&mutex_);
  context_ = nullptr;
  fetching_ = false;
  if (!keys.ok() && last_ok_ && !stopping_) {
    log_.Warning("cannot fetch the keys that verify tokens; going on with those known",
                 {{"error", keys.status().ToString()}});
  }
  if (keys.ok() && !last_ok_) log_.Info("fetched the keys that verify tokens again");
  last_ok_ = keys.ok();
  ++fetches_;
  return keys.ok();
}

}  // namespace sockel::auth
