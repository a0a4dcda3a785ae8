#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"

// How details are kept inside an absl::Status: serialised under their type URL,
// as google.rpc.Status has them.
namespace sockel::error::internal {

inline constexpr char kTypePrefix[] = "type.googleapis.com/";

template <typename Message>
std::string TypeUrl() {
  return kTypePrefix + Message::descriptor()->full_name();
}

template <typename Message>
void SetPayload(absl::Status& status, const Message& message) {
  status.SetPayload(TypeUrl<Message>(), absl::Cord(message.SerializeAsString()));
}

template <typename Message>
std::optional<Message> GetPayload(const absl::Status& status) {
  auto bytes = status.GetPayload(TypeUrl<Message>());
  Message message;
  if (!bytes || !message.ParseFromString(std::string(*bytes))) return std::nullopt;
  return message;
}

}  // namespace sockel::error::internal
