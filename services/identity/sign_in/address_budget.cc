#include "services/identity/sign_in/address_budget.h"

#include <arpa/inet.h>

#include <algorithm>

#include "common/error/error.h"

namespace sockel::identity {
namespace {

// Without scheme, brackets and zone, in the ways gRPC writes them.
std::string_view BareAddress(std::string_view peer) {
  for (std::string_view scheme : {std::string_view("ipv4:"), std::string_view("ipv6:")}) {
    if (peer.starts_with(scheme)) peer.remove_prefix(scheme.size());
  }
  for (std::string_view bracket :
       {std::string_view("["), std::string_view("%5B"), std::string_view("%5b")}) {
    if (peer.starts_with(bracket)) peer.remove_prefix(bracket.size());
  }
  return peer.substr(0, peer.find_first_of("]%"));
}

std::string KeyOf(std::string_view peer) {
  std::string text(BareAddress(peer));
  in6_addr bytes{};
  if (inet_pton(AF_INET6, text.c_str(), &bytes) != 1) return text;
  return std::string(reinterpret_cast<const char*>(&bytes), 8);
}

}  // namespace

absl::Status TooManyAttempts(absl::Duration wait) {
  absl::Status status =
      error::Make(absl::StatusCode::kResourceExhausted, "TOO_MANY_ATTEMPTS",
                  "Too many failed attempts; wait as long as RetryInfo says, then try again.");
  error::SetRetryAfter(status, std::max(wait, absl::Milliseconds(1)));
  return status;
}

absl::Status AddressBudget::Check(std::string_view address) {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  const auto found = whole_at_.find(KeyOf(address));
  if (found == whole_at_.end()) return absl::OkStatus();
  const absl::Duration over = found->second - now - options_.refill * (options_.failures - 1);
  return over > absl::ZeroDuration() ? TooManyAttempts(over) : absl::OkStatus();
}

void AddressBudget::RecordFailure(std::string_view address) {
  const absl::Time now = clock_.Now();
  const std::string key = KeyOf(address);
  absl::MutexLock lock(&mutex_);
  if (whole_at_.size() >= options_.addresses && !whole_at_.contains(key)) MakeRoom(now);
  absl::Time& whole_at = whole_at_[key];
  whole_at = std::max(whole_at, now) + options_.refill;
}

void AddressBudget::MakeRoom(absl::Time now) {
  for (auto it = whole_at_.begin(); it != whole_at_.end();) {
    if (it->second <= now) {
      whole_at_.erase(it++);
    } else {
      ++it;
    }
  }
  if (whole_at_.size() >= options_.addresses) whole_at_.erase(whole_at_.begin());
}

}  // namespace sockel::identity
