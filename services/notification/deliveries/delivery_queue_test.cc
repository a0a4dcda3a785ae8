#include "services/notification/deliveries/delivery_queue.h"

#include <gmock/gmock.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "services/notification/testing/fixture.h"

namespace sockel::notification {
namespace {

using ::testing::SizeIs;
using v1::Delivery;
using v1::Message;

class DeliveryQueueTest : public testing::NotificationFixture {
 protected:
  DeliveryQueueTest() { AddSender("smi"); }

  Batch Claim(DeliveryQueue& queue, int limit) {
    auto batch = queue.Claim(limit, options_.lease);
    EXPECT_TRUE(batch.ok()) << batch.status();
    return batch.ok() ? *std::move(batch) : Batch();
  }

  // What came of the first delivery of a batch.
  static std::vector<Result> First(const Batch& batch, const Verdict& verdict) {
    const delivery_store::Claimed& delivery = batch.deliveries.at(0);
    return {{&delivery, &batch.letters.at({delivery.tenant, delivery.message_id}), verdict}};
  }
  std::vector<Result> HandedBack(const Batch& batch) {
    return First(batch, {Delivery::PENDING, reason::kHandedBack, "", clock_.Now()});
  }

  void SendMany(const std::string& tenant, int count, Message::Priority priority) {
    std::vector<std::string> recipients;
    for (int i = 0; i < count; ++i) recipients.push_back(absl::StrCat("r", i, "@example.org"));
    v1::SendMessageRequest request = Request(recipients);
    request.mutable_message()->set_priority(priority);
    Send(request, tenant);
  }

  static std::map<std::string, int> Tenants(const Batch& batch) {
    std::map<std::string, int> counts;
    for (const auto& delivery : batch.deliveries) ++counts[delivery.tenant];
    return counts;
  }
};

// The answer to a COMMIT is lost, and the worker records once more.
TEST_F(DeliveryQueueTest, AHandBackRecordedTwiceLeavesTheClaimOfAnotherAlone) {
  const Message sent = Send(Request({"a@example.org"}));
  DeliveryQueue first(db_, clock_);
  DeliveryQueue second(db_, clock_);
  const Batch handed_back = Claim(first, 1);
  ASSERT_THAT(handed_back.deliveries, SizeIs(1));
  ASSERT_TRUE(first.Record(HandedBack(handed_back)).ok());
  const Batch under_way = Claim(second, 1);
  ASSERT_THAT(under_way.deliveries, SizeIs(1));
  ASSERT_TRUE(first.Record(HandedBack(handed_back)).ok());
  EXPECT_EQ(DeliveryOf(sent).state(), Delivery::SENDING);
  EXPECT_THAT(Claim(first, 1).deliveries, SizeIs(0)) << "sent by two workers at once";
  ASSERT_TRUE(
      second.Record(First(under_way, {Delivery::SENT, reason::kHandedOver, "250 ok"})).ok());
  EXPECT_EQ(Story(DeliveryOf(sent)), "accepted attempt handed_over");
}

TEST_F(DeliveryQueueTest, ALeaseIsExtendedOnlyWhileTheClaimHolds) {
  Send(Request({"a@example.org"}));
  DeliveryQueue first(db_, clock_);
  DeliveryQueue second(db_, clock_);
  const Batch lost = Claim(first, 1);
  ASSERT_THAT(lost.deliveries, SizeIs(1));
  clock_.Advance(options_.lease);
  ASSERT_THAT(Claim(second, 1).deliveries, SizeIs(1));
  clock_.Advance(options_.lease);
  ASSERT_TRUE(first.Extend(lost.deliveries[0], options_.lease).ok());
  EXPECT_THAT(Claim(second, 1).deliveries, SizeIs(1));
}

TEST_F(DeliveryQueueTest, EmergenciesAreTakenInEqualPartsFromTheTenantsThatHaveSome) {
  AddSender("other");
  SendMany("smi", 20, Message::EMERGENCY);
  clock_.Advance(absl::Seconds(1));
  SendMany("other", 2, Message::EMERGENCY);
  SendMany("other", 20, Message::TRANSACTIONAL);
  DeliveryQueue queue(db_, clock_);
  EXPECT_EQ(Tenants(Claim(queue, 2)), (std::map<std::string, int>{{"other", 1}, {"smi", 1}}));
  // What one tenant does not need goes to the other, before any ordinary mail.
  const Batch batch = Claim(queue, 10);
  EXPECT_EQ(Tenants(batch), (std::map<std::string, int>{{"other", 1}, {"smi", 9}}));
  for (const auto& delivery : batch.deliveries) EXPECT_EQ(delivery.priority, Message::EMERGENCY);
}

TEST_F(DeliveryQueueTest, AfterTheLastTenantTheFirstHasItsTurnAtOnce) {
  for (const char* tenant : {"t1", "t2", "t3"}) {
    AddSender(tenant);
    SendMany(tenant, 2, Message::TRANSACTIONAL);
  }
  DeliveryQueue queue(db_, clock_);
  EXPECT_THAT(Claim(queue, 3).deliveries, SizeIs(3));
  EXPECT_THAT(Claim(queue, 3).deliveries, SizeIs(3));
}

}  // namespace
}  // namespace sockel::notification
