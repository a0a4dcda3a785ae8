#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "common/paging/paging.h"
#include "common/testing/callers.h"
#include "common/testing/fake_clock.h"
#include "common/testing/test_database.h"
#include "services/notification/deliveries/delivery_lane.h"
#include "services/notification/inbox/inbox.h"
#include "services/notification/messages/message.h"
#include "services/notification/migrations.h"
#include "services/notification/names.h"
#include "services/notification/provisioning/provisioning.h"
#include "services/notification/senders/sender.h"
#include "services/notification/templates/template.h"

// What the tests of this service share.
namespace sockel::notification::testing {

inline std::vector<pg::Migration> AllMigrations() {
  std::vector<pg::Migration> all = pg::CommonMigrations();
  for (const auto& part : {ledger::Migrations(), events::Migrations(), OwnMigrations()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

// Mails that a FakeRelay was given, and how it answers. Thread-safe.
class Post {
 public:
  struct Mail {
    std::string to;
    std::string mime;
  };

  // Addresses that begin so get this answer; everybody else kAccepted.
  void Answer(const std::string& prefix, RelayAnswer::Outcome outcome,
              const std::string& words = "relay's words") {
    absl::MutexLock lock(&mutex_);
    answers_[prefix] = {outcome, words};
  }
  // Called for each mail.
  void OnMail(std::function<void()> hook) {
    absl::MutexLock lock(&mutex_);
    hook_ = std::move(hook);
  }
  // What the relay does, once, between taking a mail and answering.
  void BeforeAnswer(std::function<void(const Patience&)> hook) {
    absl::MutexLock lock(&mutex_);
    before_answer_ = std::move(hook);
  }
  RelayAnswer Take(const std::string& to, const std::string& mime) {
    absl::MutexLock lock(&mutex_);
    mails_.push_back({to, mime});
    if (hook_) hook_();
    for (const auto& [prefix, answer] : answers_) {
      if (to.rfind(prefix, 0) == 0) return answer;
    }
    return {RelayAnswer::Outcome::kAccepted, "250 ok"};
  }
  // Others may hand over mails meanwhile.
  void Wait(const Patience& patience) {
    std::function<void(const Patience&)> hook;
    {
      absl::MutexLock lock(&mutex_);
      hook = std::exchange(before_answer_, nullptr);
    }
    if (hook) hook(patience);
  }
  std::vector<Mail> mails() const {
    absl::MutexLock lock(&mutex_);
    return mails_;
  }
  // Blocks until so many mails were taken, at most 20 s.
  bool WaitFor(std::size_t count) const {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return mails_.size() >= count;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(20));
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<Mail> mails_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, RelayAnswer> answers_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> hook_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const Patience&)> before_answer_ ABSL_GUARDED_BY(mutex_);
};

class FakeRelay final : public Relay {
 public:
  explicit FakeRelay(Post& post) : post_(post) {}
  RelayAnswer Send(const std::string&, const std::string& to, const std::string& mime,
                   const Patience& patience) override {
    RelayAnswer answer = post_.Take(to, mime);
    post_.Wait(patience);
    return answer;
  }

 private:
  Post& post_;
};

class FakeDirectory final : public UserDirectory {
 public:
  void Add(const std::string& user, UserContact contact) { users_[user] = std::move(contact); }
  void SetDown(bool down) { down_ = down; }
  // Of the last question.
  std::string last_trace_id() const {
    absl::MutexLock lock(&mutex_);
    return last_trace_id_;
  }
  absl::StatusOr<UserContact> Find(const Caller& caller, const std::string& user) override {
    {
      absl::MutexLock lock(&mutex_);
      last_trace_id_ = caller.trace_id;
    }
    if (down_) return absl::UnavailableError("identity is down");
    const auto found = users_.find(user);
    if (found == users_.end()) return absl::NotFoundError("no such user");
    return found->second;
  }

 private:
  std::map<std::string, UserContact> users_;
  bool down_ = false;
  mutable absl::Mutex mutex_;
  std::string last_trace_id_ ABSL_GUARDED_BY(mutex_);
};

class NotificationFixture : public ::testing::Test {
 protected:
  NotificationFixture() {
    directory_.Add("tenants/smi/users/u1", {"u1@smi.example", "Eva Muster"});
    directory_.Add("tenants/smi/users/u2", {"", "Ohne Adresse"});
  }

  static Caller In(const std::string& tenant) { return sockel::testing::MakeCaller(tenant); }

  void AddSender(const std::string& tenant) {
    v1::CreateSenderRequest request;
    request.set_sender_id("default");
    request.mutable_sender()->set_email_address("post@" + tenant + ".example");
    const auto created = senders_.Create(In(tenant), request);
    ASSERT_TRUE(created.ok()) << created.status();
  }

  // To plain addresses, or to users where it begins with `tenants/`.
  static v1::SendMessageRequest Request(const std::vector<std::string>& recipients) {
    v1::SendMessageRequest request;
    v1::Message* message = request.mutable_message();
    message->mutable_content()->set_subject("Hello");
    message->mutable_content()->set_text_body("Text");
    for (const std::string& recipient : recipients) {
      if (recipient.rfind("tenants/", 0) == 0) {
        message->add_recipients()->set_user(recipient);
      } else {
        message->add_recipients()->set_email_address(recipient);
      }
    }
    return request;
  }

  // As the tenant's application, which may send emergencies too.
  v1::Message Send(const v1::SendMessageRequest& request, const std::string& tenant = "smi") {
    const auto sent =
        messages_.Send(sockel::testing::MakeCaller(tenant, "", {"application"}), request);
    EXPECT_TRUE(sent.ok()) << sent.status();
    return sent.ok() ? *sent : v1::Message();
  }

  std::vector<v1::Delivery> DeliveriesOf(const v1::Message& message) {
    v1::ListDeliveriesRequest request;
    request.set_parent(message.name());
    request.set_page_size(1000);
    const auto listed = messages_.ListDeliveries(In(IdsIn(message.name())[0]), request);
    EXPECT_TRUE(listed.ok()) << listed.status();
    if (!listed.ok()) return {};
    return {listed->deliveries().begin(), listed->deliveries().end()};
  }

  v1::Delivery DeliveryOf(const v1::Message& message) {
    const std::vector<v1::Delivery> all = DeliveriesOf(message);
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? v1::Delivery() : all[0];
  }

  // What happened to a delivery, in words: `accepted attempt handed_over`.
  static std::string Story(const v1::Delivery& delivery) {
    std::string story;
    for (const v1::DeliveryTransition& transition : delivery.transitions()) {
      if (!story.empty()) story += ' ';
      story += transition.reason();
    }
    return story;
  }

  std::unique_ptr<DeliveryLane> Lane(FaultHook survives = [](Step) { return true; }) {
    return std::make_unique<DeliveryLane>(
        DeliveryLane::Parts{db_, directory_, clock_, delivery_metrics_},
        std::make_unique<FakeRelay>(post_), options_, std::move(survives));
  }

  // Until nothing is due any more.
  void DeliverAll() {
    const auto lane = Lane();
    absl::StatusOr<int> taken = 1;
    while (taken.ok() && *taken > 0) taken = lane->RunOnce();
    EXPECT_TRUE(taken.ok()) << taken.status();
  }

  sockel::testing::TestDatabase database_{AllMigrations()};
  sockel::testing::FakeClock clock_;
  pg::Pool pool_{{.conninfo = database_.conninfo()}};
  pg::Database db_{pool_, clock_};
  paging::Tokens tokens_{std::string(32, 'k')};
  metrics::Registry registry_;
  DeliveryMetrics delivery_metrics_{registry_};
  DeliveryOptions options_;
  Post post_;
  FakeDirectory directory_;
  Templates templates_{db_, tokens_};
  Senders senders_{db_, tokens_};
  Messages messages_{db_, tokens_, {}};
  Inboxes inboxes_{db_, tokens_};
  Provisioning provisioning_{db_};
};

}  // namespace sockel::notification::testing
