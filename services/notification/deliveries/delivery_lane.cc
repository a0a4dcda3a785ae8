#include "services/notification/deliveries/delivery_lane.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/trace/traceparent.h"
#include "services/notification/names.h"

namespace sockel::notification {
namespace {

using delivery_store::Claimed;
using delivery_store::Letter;
using v1::Delivery;

// Whether the same may succeed a little later.
bool MayPass(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
      return true;
    default:
      return false;
  }
}

// What is done for a delivery is part of the call that sent the message.
Caller CallerFor(const Claimed& delivery, const Letter& letter) {
  Caller caller = Caller::System(delivery.tenant);
  const trace::Context context = trace::Continue(letter.traceparent);
  caller.trace_id = context.trace_id;
  caller.span_id = context.span_id;
  return caller;
}

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
  const absl::Time before = parts_.clock.Now();
  absl::StatusOr<Batch> batch = queue_.Claim(options_.batch, options_.lease);
  if (!batch.ok()) return batch.status();
  if (batch->deliveries.empty()) return 0;
  if (!survives_(Step::kClaimed)) return Died();
  Round round;
  round.batch = *std::move(batch);
  // From now, not from before the claim: when claiming is slow, no time would
  // be left for the work.
  round.end = parts_.clock.Now() + options_.time_box;
  round.lease_end = before + options_.lease;
  for (const Claimed& delivery : round.batch.deliveries) {
    const bool by_mail = delivery.channel == v1::Message::EMAIL;
    if (delivery.taken_over && by_mail) parts_.metrics.CountPossibleDuplicate();
  }
  if (!Work(round)) return Died();
  HandBackRest(round);
  absl::Status status = Record(round);
  if (!status.ok()) return status;
  if (!survives_(Step::kRecorded)) return Died();
  return static_cast<int>(round.batch.deliveries.size());
}

// At least one, however slow everything is.
bool DeliveryLane::Work(Round& round) {
  const std::vector<Claimed>& deliveries = round.batch.deliveries;
  while (round.next < deliveries.size() && !draining_.load()) {
    if (round.next > 0 && parts_.clock.Now() > round.end) break;
    const Claimed& delivery = deliveries[round.next++];
    const Letter& letter = round.batch.letters.at({delivery.tenant, delivery.message_id});
    UnderWay mail{delivery, parts_.clock.Now()};
    std::optional<Verdict> verdict =
        Attempt(delivery, letter, [&] { return GoOnWaiting(round, mail); });
    if (mail.waits_long) parts_.long_waits->End();
    if (!verdict) return false;
    parts_.metrics.CountAttempt(delivery.channel, verdict->state);
    round.results.push_back({&delivery, &letter, *std::move(verdict)});
  }
  return true;
}

// The answer to a mail may take minutes. Neither do the others wait for it, nor
// does anybody take over the one that is under way.
bool DeliveryLane::GoOnWaiting(Round& round, UnderWay& mail) {
  const absl::Time now = parts_.clock.Now();
  // What was begun in time usually ends soon after.
  if (now > round.end + options_.time_box / 2) {
    HandBackRest(round);
    if (!round.results.empty() && queue_.Record(round.results).ok()) round.results.clear();
  }
  if (now > round.lease_end - options_.lease / 2 &&
      queue_.Extend(mail.delivery, options_.lease).ok()) {
    round.lease_end = now + options_.lease;
  }
  if (draining_.load()) mail.give_up = std::min(mail.give_up, now + options_.last_wait);
  return now < mail.give_up && (now < mail.begin + options_.usual_wait || MayWaitLong(mail));
}

bool DeliveryLane::MayWaitLong(UnderWay& mail) {
  if (parts_.long_waits == nullptr) return true;
  if (!mail.waits_long) mail.waits_long = parts_.long_waits->Begin();
  return mail.waits_long;
}

void DeliveryLane::HandBackRest(Round& round) const {
  for (; round.next < round.batch.deliveries.size(); ++round.next) {
    const Claimed& delivery = round.batch.deliveries[round.next];
    const Letter& letter = round.batch.letters.at({delivery.tenant, delivery.message_id});
    round.results.push_back(
        {&delivery, &letter, {Delivery::PENDING, reason::kHandedBack, "", parts_.clock.Now()}});
  }
}

std::optional<Verdict> DeliveryLane::Attempt(const Claimed& delivery, const Letter& letter,
                                             const Patience& patience) {
  if (std::optional<Verdict> verdict = CannotTry(delivery)) return verdict;
  if (delivery.channel == v1::Message::INBOX) return ToInbox(delivery, letter);
  return ByMail(delivery, letter, patience);
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
  return AfterTemporaryFailure(options_.retry, reason::kDirectoryUnavailable, "", TryOf(delivery));
}

Try DeliveryLane::TryOf(const Claimed& delivery) {
  return {.number = delivery.attempt,
          .unanswered = delivery.unanswered,
          .now = parts_.clock.Now(),
          .expire = delivery.expire,
          .random = absl::Uniform(random_, 0.0, 1.0)};
}

Verdict DeliveryLane::ToInbox(const Claimed& delivery, const Letter& letter) {
  const auto user =
      parts_.users.Find(CallerFor(delivery, letter), UserName(delivery.tenant, delivery.user_id));
  if (!user.ok()) return WithoutUser(delivery, user.status());
  return {Delivery::SENT, reason::kHandedOver, ""};
}

std::optional<Verdict> DeliveryLane::ByMail(const Claimed& delivery, const Letter& letter,
                                            const Patience& patience) {
  MailAddress to{delivery.email_address, ""};
  if (!delivery.user_id.empty()) {
    const auto user =
        parts_.users.Find(CallerFor(delivery, letter), UserName(delivery.tenant, delivery.user_id));
    if (!user.ok()) return WithoutUser(delivery, user.status());
    if (user->email_address.empty()) {
      return Verdict{Delivery::PERMANENT_FAILURE, reason::kUserWithoutAddress, ""};
    }
    to = {user->email_address, user->display_name};
  }
  if (!survives_(Step::kSending)) return std::nullopt;
  const absl::Time begin = absl::Now();
  const std::string mime = WriteMime(Compose(delivery, letter, to, parts_.clock.Now()));
  const RelayAnswer answer = relay_->Send(letter.from.address, to.address, mime, patience);
  parts_.metrics.ObserveSmtp(absl::Now() - begin);
  if (!survives_(Step::kSent)) return std::nullopt;
  const Verdict verdict = AfterRelay(options_.retry, answer, TryOf(delivery));
  const bool unanswered = answer.outcome == RelayAnswer::Outcome::kUnknown;
  if (unanswered && !IsFinal(verdict.state)) parts_.metrics.CountPossibleDuplicate();
  return verdict;
}

absl::Status DeliveryLane::Record(const Round& round) {
  absl::Status status = RecordPatiently(round.results, round.lease_end);
  if (status.ok() || MayPass(status)) return status;
  // Something in one of them cannot be stored. The others must not be sent
  // again for that, and that one not because of the relay's words.
  for (Result result : round.results) {
    absl::Status alone = RecordPatiently({result}, round.lease_end);
    if (!alone.ok() && !MayPass(alone)) {
      result.verdict.detail.clear();
      alone = RecordPatiently({result}, round.lease_end);
    }
    if (!alone.ok()) {
      log::Error(
          "what came of a delivery cannot be written down",
          {{"delivery", result.delivery->delivery_id}, {"error", error::LogMessageOf(alone)}});
    }
  }
  return absl::OkStatus();
}

// What was handed over should be written down even when the database is away
// for a moment: otherwise it is sent twice.
absl::Status DeliveryLane::RecordPatiently(const std::vector<Result>& results, absl::Time until) {
  absl::Duration wait = absl::Milliseconds(100);
  while (true) {
    absl::Status status = queue_.Record(results);
    if (status.ok() || !MayPass(status)) return status;
    if (parts_.clock.Now() + wait >= until || draining_.load()) return status;
    absl::SleepFor(wait);
    wait = std::min(2 * wait, absl::Seconds(2));
  }
}

}  // namespace sockel::notification
