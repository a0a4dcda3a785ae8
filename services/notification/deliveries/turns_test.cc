#include "services/notification/deliveries/turns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sockel::notification {
namespace {

using delivery_store::Claimed;
using ::testing::ElementsAre;
using v1::Message;

Claimed Delivery(const char* tenant, const char* id, Message::Priority priority) {
  Claimed claimed;
  claimed.tenant = tenant;
  claimed.delivery_id = id;
  claimed.priority = priority;
  return claimed;
}

std::vector<std::string> Order(std::vector<Claimed> claimed, std::size_t round = 0) {
  TakeTurns(claimed, round);
  std::vector<std::string> ids;
  for (const Claimed& delivery : claimed) ids.push_back(delivery.delivery_id);
  return ids;
}

TEST(TakeTurnsTest, EmergenciesComeBeforeAllElse) {
  EXPECT_THAT(Order({Delivery("a", "1", Message::BULK), Delivery("a", "2", Message::TRANSACTIONAL),
                     Delivery("b", "3", Message::EMERGENCY), Delivery("b", "4", Message::BULK)}),
              ElementsAre("3", "2", "4", "1"));
}

TEST(TakeTurnsTest, ATenantWithManyLeavesEveryOtherItsTurn) {
  for (const Message::Priority priority : {Message::EMERGENCY, Message::TRANSACTIONAL}) {
    EXPECT_THAT(Order({Delivery("a", "1", priority), Delivery("a", "2", priority),
                       Delivery("a", "3", priority), Delivery("b", "4", priority),
                       Delivery("c", "5", priority), Delivery("c", "6", priority)}),
                ElementsAre("1", "4", "5", "2", "6", "3"));
  }
}

TEST(TakeTurnsTest, AnotherTenantIsTheFirstEachRound) {
  const std::vector<Claimed> claimed = {Delivery("a", "1", Message::BULK),
                                        Delivery("b", "2", Message::BULK),
                                        Delivery("c", "3", Message::BULK)};
  std::set<std::string> first;
  for (std::size_t round = 0; round < 3; ++round) first.insert(Order(claimed, round)[0]);
  EXPECT_THAT(first, ElementsAre("1", "2", "3"));
}

TEST(TakeTurnsTest, OfNothingNothingIsLeft) { EXPECT_THAT(Order({}), ElementsAre()); }

}  // namespace
}  // namespace sockel::notification
