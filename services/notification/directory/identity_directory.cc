#include "services/notification/directory/identity_directory.h"

#include <utility>

#include "common/client/call.h"
#include "common/text/email_address.h"
#include "services/notification/mail/address.h"

namespace sockel::notification {
namespace {

constexpr absl::Duration kRemember = absl::Seconds(30);
constexpr std::size_t kMostRemembered = 10'000;
constexpr absl::Duration kTimeout = absl::Seconds(5);

UserContact ToContact(const identity::v1::User& user) {
  UserContact contact;
  if (text::IsEmailAddress(user.email_address())) contact.email_address = user.email_address();
  if (IsOneLine(user.display_name())) contact.display_name = user.display_name();
  return contact;
}

}  // namespace

IdentityDirectory::IdentityDirectory(std::shared_ptr<grpc::Channel> identity, const Clock& clock)
    : users_(identity::v1::UserService::NewStub(std::move(identity))), clock_(clock) {}

absl::StatusOr<UserContact> IdentityDirectory::Find(const Caller& caller, const std::string& user) {
  const absl::Time now = clock_.Now();
  {
    absl::MutexLock lock(&mutex_);
    const auto known = remembered_.find(user);
    if (known != remembered_.end() && known->second.until > now) return known->second.contact;
  }
  identity::v1::GetUserRequest request;
  request.set_name(user);
  const absl::StatusOr<identity::v1::User> found =
      client::Unary(*users_, &identity::v1::UserService::Stub::GetUser, std::move(request),
                    {.timeout = kTimeout, .caller = &caller});
  if (!found.ok()) return found.status();
  UserContact contact = ToContact(*found);
  absl::MutexLock lock(&mutex_);
  if (remembered_.size() >= kMostRemembered) remembered_.clear();
  remembered_[user] = {contact, now + kRemember};
  return contact;
}

}  // namespace sockel::notification
