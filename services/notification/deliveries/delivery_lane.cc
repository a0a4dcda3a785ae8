#include "services/notification/deliveries/delivery_lane.h"

#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "services/notification/names.h"

namespace sockel::notification {
namespace {

using delivery_store::Claimed;
using delivery_store::Letter;
using v1::Delivery;

absl::Status Died() { return absl::AbortedError("the worker died"); }

Mail Compose(const Claimed& delivery, const Letter& letter, MailAddress to, absl::Time now) {
  Mail mail;
  mail.message_id = MailMessageId(delivery.delivery_id, letter.from.address);
  mail.from = letter.from;
  mail.reply_to = letter.reply_to;
  mail.to = std::move(to);
  mail.subject = letter.content.subject();
  mail.text_body = letter.content.text_body();
  mail.html_body = letter.content.html_body();
  mail.date = now;
  mail.urgent = delivery.priority == v1::Message::EMERGENCY;
  return mail;
}

}  // namespace

DeliveryLane::DeliveryLane(const Parts& parts, std::unique_ptr<Relay> relay,
                           const DeliveryOptions& options, FaultHook survives)
    : parts_(parts),
      queue_(parts.db, parts.clock),
      relay_(std::move(relay)),
      options_(options),
      survives_(std::move(survives)) {}

absl::StatusOr<int> DeliveryLane::RunOnce() {
  if (draining_.load()) return 0;  // else what is handed back would be taken again, for ever
  const absl::Time begin = parts_.clock.Now();
  absl::StatusOr<Batch> batch = queue_.Claim(options_.batch, options_.lease);
  if (!batch.ok()) return batch.status();
  if (batch->deliveries.empty()) return 0;
  if (!survives_(Step::kClaimed)) return Died();
  std::vector<Result> results;
  for (const Claimed& delivery : batch->deliveries) {
    const Letter& letter = batch->letters.at({delivery.tenant, delivery.message_id});
    const absl::Time now = parts_.clock.Now();
    if (draining_.load() || now > begin + options_.time_box) {
      results.push_back(
          {&delivery, letter.reference, {Delivery::PENDING, reason::kHandedBack, "", now}});
      continue;
    }
    if (delivery.taken_over && delivery.channel == v1::Message::EMAIL) {
      parts_.metrics.CountPossibleDuplicate();
    }
    std::optional<Verdict> verdict = Attempt(delivery, letter);
    if (!verdict) return Died();
    parts_.metrics.CountAttempt(delivery.channel, verdict->state);
    results.push_back({&delivery, letter.reference, *std::move(verdict)});
  }
  absl::Status status = RecordPatiently(results, begin + options_.lease);
  if (!status.ok()) return status;
  if (!survives_(Step::kRecorded)) return Died();
  return static_cast<int>(batch->deliveries.size());
}

std::optional<Verdict> DeliveryLane::Attempt(const Claimed& delivery, const Letter& letter) {
  if (std::optional<Verdict> verdict = CannotTry(delivery)) return verdict;
  if (delivery.channel == v1::Message::INBOX) return ToInbox(delivery);
  return ByMail(delivery, letter);
}

// Deliveries that a worker took over from a dead one may have run out of time
// or of attempts without a verdict.
std::optional<Verdict> DeliveryLane::CannotTry(const Claimed& delivery) const {
  if (delivery.expire <= parts_.clock.Now()) {
    return Verdict{Delivery::EXPIRED, reason::kExpired, ""};
  }
  if (delivery.attempt > options_.retry.max_attempts) {
    return Verdict{Delivery::PERMANENT_FAILURE, reason::kAttemptsExhausted, ""};
  }
  return std::nullopt;
}

Verdict DeliveryLane::WithoutUser(const Claimed& delivery, const absl::Status& status) {
  if (status.code() == absl::StatusCode::kNotFound) {
    return {Delivery::PERMANENT_FAILURE, reason::kUserUnknown, ""};
  }
  return AfterTemporaryFailure(options_.retry, reason::kDirectoryUnavailable, "", delivery.attempt,
                               parts_.clock.Now(), delivery.expire,
                               absl::Uniform(random_, 0.0, 1.0));
}

Verdict DeliveryLane::ToInbox(const Claimed& delivery) {
  const auto user = parts_.users.Find(UserName(delivery.tenant, delivery.user_id));
  if (!user.ok()) return WithoutUser(delivery, user.status());
  return {Delivery::SENT, reason::kHandedOver, ""};
}

std::optional<Verdict> DeliveryLane::ByMail(const Claimed& delivery, const Letter& letter) {
  MailAddress to{delivery.email_address, ""};
  if (!delivery.user_id.empty()) {
    const auto user = parts_.users.Find(UserName(delivery.tenant, delivery.user_id));
    if (!user.ok()) return WithoutUser(delivery, user.status());
    if (user->email_address.empty()) {
      return Verdict{Delivery::PERMANENT_FAILURE, reason::kUserWithoutAddress, ""};
    }
    to = {user->email_address, user->display_name};
  }
  if (!survives_(Step::kSending)) return std::nullopt;
  const absl::Time begin = absl::Now();
  const std::string mime = WriteMime(Compose(delivery, letter, to, parts_.clock.Now()));
  const RelayAnswer answer = relay_->Send(letter.from.address, to.address, mime);
  parts_.metrics.ObserveSmtp(absl::Now() - begin);
  if (!survives_(Step::kSent)) return std::nullopt;
  if (answer.outcome == RelayAnswer::Outcome::kUnknown) parts_.metrics.CountPossibleDuplicate();
  return AfterRelay(options_.retry, answer, delivery.attempt, parts_.clock.Now(), delivery.expire,
                    absl::Uniform(random_, 0.0, 1.0));
}

// What was handed over should be written down even when the database is away
// for a moment: otherwise it is sent twice.
absl::Status DeliveryLane::RecordPatiently(const std::vector<Result>& results, absl::Time until) {
  absl::Duration wait = absl::Milliseconds(100);
  while (true) {
    absl::Status status = queue_.Record(results);
    if (status.ok() || parts_.clock.Now() + wait >= until || draining_.load()) return status;
    absl::SleepFor(wait);
    wait = std::min(2 * wait, absl::Seconds(2));
  }
}

}  // namespace sockel::notification
