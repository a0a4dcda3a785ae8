#include "services/notification/messages/send_rules.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/text/email_address.h"
#include "services/notification/mail/address.h"
#include "services/notification/names.h"
#include "services/notification/senders/sender.h"

namespace sockel::notification {
namespace {

using v1::Message;
using v1::Recipient;

constexpr absl::Duration kLongestAhead = absl::Hours(366 * 24);
constexpr absl::Duration kDefaultLife = absl::Hours(72);
// Error details travel in gRPC's metadata, of which clients take 8 KiB.
constexpr int kMostNamed = 25;

absl::Status CheckContent(const v1::Content& content) {
  if (!IsOneLine(content.subject())) {
    return error::InvalidField("message.content.subject",
                               "must be one line without control characters");
  }
  if (!IsPlainText(content.text_body())) {
    return error::InvalidField("message.content.text_body",
                               "must be text without control characters");
  }
  if (!IsPlainText(content.html_body())) {
    return error::InvalidField("message.content.html_body",
                               "must be text without control characters");
  }
  return absl::OkStatus();
}

absl::Status CheckBody(const Message& message) {
  if (message.body_case() == Message::kContent) {
    if (!message.parameters().empty()) {
      return error::InvalidField("message.parameters", "must be empty with literal content");
    }
    return CheckContent(message.content());
  }
  if (message.body_case() != Message::kTemplateVersion || message.template_version().empty()) {
    return error::InvalidField("message", "must have either template_version or content");
  }
  return absl::OkStatus();
}

absl::Status PlanChannels(const Message& message, SendPlan* plan) {
  for (int i = 0; i < message.channels_size(); ++i) {
    const Message::Channel channel = message.channels(i);
    if (channel == Message::CHANNEL_UNSPECIFIED) {
      return error::InvalidField(absl::StrCat("message.channels[", i, "]"),
                                 "must be EMAIL or INBOX");
    }
    if (std::find(plan->channels.begin(), plan->channels.end(), channel) == plan->channels.end()) {
      plan->channels.push_back(channel);
    }
  }
  if (plan->channels.empty()) plan->channels.push_back(Message::EMAIL);
  // An inbox shows the stored text, which a confidential message does not keep.
  if (message.confidential() && plan->channels != std::vector{Message::EMAIL}) {
    return error::InvalidField("message.channels", "must be EMAIL when confidential is set");
  }
  return absl::OkStatus();
}

absl::Status PlanTimes(const Message& message, absl::Time now, SendPlan* plan) {
  absl::Time begin = now;
  if (message.has_not_before_time()) {
    plan->not_before = FromTimestamp(message.not_before_time());
    if (*plan->not_before > now + kLongestAhead) {
      return error::InvalidField("message.not_before_time", "must be at most one year ahead");
    }
    begin = std::max(begin, *plan->not_before);
  }
  plan->expire = begin + kDefaultLife;
  if (!message.has_expire_time()) return absl::OkStatus();
  plan->expire = FromTimestamp(message.expire_time());
  if (plan->expire <= begin || plan->expire > now + 2 * kLongestAhead) {
    return error::InvalidField("message.expire_time",
                               "must be later than now and than not_before_time, and at most two "
                               "years ahead");
  }
  return absl::OkStatus();
}

absl::Status PlanSender(const Message& message, const std::string& tenant, SendPlan* plan) {
  plan->sender_id = kDefaultSender;
  if (message.sender().empty()) return absl::OkStatus();
  const std::vector<std::string> ids = IdsIn(message.sender());
  if (ids[0] != tenant) return error::NotFound(message.sender());
  plan->sender_id = ids[1];
  return absl::OkStatus();
}

// What is wrong with a recipient; empty when nothing is.
std::string Fault(const Recipient& recipient, const std::string& tenant, const SendPlan& plan) {
  switch (recipient.target_case()) {
    case Recipient::kUser:
      if (recipient.user().empty()) return "must name a user or an e-mail address";
      if (IdsIn(recipient.user())[0] != tenant) return "must be a user of the message's tenant";
      return "";
    case Recipient::kEmailAddress:
      if (!text::IsEmailAddress(recipient.email_address()))
        return "must be an e-mail address in ASCII";
      if (std::find(plan.channels.begin(), plan.channels.end(), Message::EMAIL) ==
          plan.channels.end()) {
        return "is a plain address, which none of the channels reaches";
      }
      return "";
    default:
      return "must name a user or an e-mail address";
  }
}

absl::Status CheckRecipients(const Message& message, const std::string& tenant,
                             const SendPlan& plan) {
  absl::Status status;
  int bad = 0;
  for (int i = 0; i < message.recipients_size(); ++i) {
    const std::string fault = Fault(message.recipients(i), tenant, plan);
    if (fault.empty() || ++bad > kMostNamed) continue;
    const std::string field = absl::StrCat("message.recipients[", i, "]");
    if (status.ok()) {
      status = error::Make(absl::StatusCode::kInvalidArgument, "RECIPIENT_INVALID",
                           absl::StrCat(field, " ", fault));
    }
    error::AddFieldViolation(status, field, fault);
  }
  if (bad > kMostNamed) {
    error::AddFieldViolation(status, "message.recipients",
                             absl::StrCat("and ", bad - kMostNamed, " more are not right"));
  }
  return status;
}

void PlanDeliveries(const Message& message, SendPlan* plan) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const Recipient& recipient : message.recipients()) {
    const bool is_user = recipient.has_user();
    const std::string user_id = is_user ? IdsIn(recipient.user())[1] : "";
    if (!seen.emplace(user_id, recipient.email_address()).second) continue;
    for (const Message::Channel channel : plan->channels) {
      if (!is_user && channel != Message::EMAIL) continue;
      plan->deliveries.push_back({user_id, recipient.email_address(), channel});
    }
  }
}

}  // namespace

absl::StatusOr<SendPlan> PlanMessage(const Message& message, const std::string& tenant,
                                     absl::Time now) {
  SendPlan plan;
  if (message.priority() != Message::PRIORITY_UNSPECIFIED) plan.priority = message.priority();
  if (!IsOneLine(message.reference())) {
    return error::InvalidField("message.reference", "must be one line without control characters");
  }
  absl::Status status = CheckBody(message);
  if (status.ok()) status = PlanChannels(message, &plan);
  if (status.ok()) status = PlanTimes(message, now, &plan);
  if (status.ok()) status = PlanSender(message, tenant, &plan);
  if (status.ok()) status = CheckRecipients(message, tenant, plan);
  if (!status.ok()) return status;
  PlanDeliveries(message, &plan);
  return plan;
}

}  // namespace sockel::notification
