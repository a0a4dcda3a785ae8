#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sockel/notification/v1/message.pb.h"

// What may be sent to whom: functions over values.
namespace sockel::notification {

// One recipient by one channel. Exactly one of user_id and email_address.
struct NewDelivery {
  std::string user_id;
  std::string email_address;
  v1::Message::Channel channel = v1::Message::CHANNEL_UNSPECIFIED;
};

// A message that was checked, with its defaults filled in.
struct SendPlan {
  std::vector<v1::Message::Channel> channels;
  v1::Message::Priority priority = v1::Message::TRANSACTIONAL;
  std::string sender_id;
  std::optional<absl::Time> not_before;
  absl::Time expire;
  std::vector<NewDelivery> deliveries;
};

// The plan for a message of `tenant`, accepted at `now`. INVALID_ARGUMENT names
// the first bad recipients and says how many more there are, or names the first
// other bad field. Whether template, sender and users exist is not asked here.
absl::StatusOr<SendPlan> PlanMessage(const v1::Message& message, const std::string& tenant,
                                     absl::Time now);

}  // namespace sockel::notification
