#include "common/client/refreshing_tokens.h"

#include <algorithm>
#include <utility>

#include "common/clock/clock.h"

namespace sockel::client {
namespace {

constexpr absl::Duration kLeastBackoff = absl::Milliseconds(250);
constexpr absl::Duration kMostBackoff = absl::Seconds(10);
// A rejected token younger than this stays: another one would fare no better.
constexpr absl::Duration kLeastAge = absl::Seconds(5);

class Fixed final : public TokenSource {
 public:
  explicit Fixed(std::string token) : token_(std::move(token)) {}
  void Get(Done done) override { done(token_); }
  void Rejected(const std::string&) override {}

 private:
  const std::string token_;
};

}  // namespace

RefreshingTokens::~RefreshingTokens() {
  std::vector<Done> waiting;
  {
    absl::MutexLock lock(&mutex_);
    waiting.swap(waiting_);
  }
  Deliver({std::move(waiting), absl::CancelledError("nobody needs a token any more")});
}

std::shared_ptr<TokenSource> FixedToken(std::string access_token) {
  return std::make_shared<Fixed>(std::move(access_token));
}

bool RefreshingTokens::Usable(absl::Time now) const { return now < usable_until_; }

// Renewed after two thirds of its life; given out until a tenth of it, at most
// ten seconds, is left: it must still be good when it arrives.
void RefreshingTokens::Keep(Token token, absl::Time now) {
  const absl::Duration life = std::max(token.expire_time - now, absl::ZeroDuration());
  token_ = std::move(token.access_token);
  obtained_ = now;
  renew_ = now + life * 2 / 3;
  usable_until_ = token.expire_time - std::min(life / 10, absl::Seconds(10));
}

void RefreshingTokens::Seed(Token token) {
  absl::MutexLock lock(&mutex_);
  Keep(std::move(token), clock_.Now());
  obtained_ = absl::InfinitePast();  // by whom, and when, is not known
}

void RefreshingTokens::Get(Done done) {
  absl::StatusOr<std::string> answer = absl::UnavailableError("");
  bool answer_now = true;
  bool fetch = false;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = clock_.Now();
    // A longer wait than any back-off means that the clock was set back.
    const bool may_fetch = !fetching_ && (now >= not_before_ || not_before_ - now > kMostBackoff);
    if (Usable(now)) {
      answer = token_;
      fetch = may_fetch && now >= renew_;
    } else if (fetching_ || may_fetch) {
      waiting_.push_back(std::move(done));
      answer_now = false;
      fetch = may_fetch;
    } else {
      answer = last_error_;
    }
    fetching_ = fetching_ || fetch;
  }
  if (answer_now) done(std::move(answer));
  if (fetch) Fetch();
}

void RefreshingTokens::Fetched(const absl::StatusOr<Token>& token) { Deliver(Store(token)); }

RefreshingTokens::Delivery RefreshingTokens::Store(const absl::StatusOr<Token>& token) {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  fetching_ = false;
  Delivery delivery;
  delivery.waiting.swap(waiting_);
  if (token.ok()) {
    Keep(*token, now);
    backoff_ = absl::ZeroDuration();
    not_before_ = absl::InfinitePast();
    delivery.answer = token_;
  } else {
    backoff_ = std::clamp(backoff_ * 2, kLeastBackoff, kMostBackoff);
    not_before_ = now + backoff_;
    last_error_ = token.status();
    delivery.answer = last_error_;
  }
  return delivery;
}

void RefreshingTokens::Deliver(const Delivery& delivery) {
  for (const Done& done : delivery.waiting) done(delivery.answer);
}

void RefreshingTokens::Close() {
  absl::MutexLock lock(&door_->mutex);
  door_->open = false;
}

void RefreshingTokens::Rejected(const std::string& access_token) {
  absl::MutexLock lock(&mutex_);
  const absl::Duration age = clock_.Now() - obtained_;  // negative: the clock was set back
  if (token_ != access_token || (age >= absl::ZeroDuration() && age < kLeastAge)) return;
  usable_until_ = absl::InfinitePast();
}

}  // namespace sockel::client
