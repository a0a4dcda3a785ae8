#include "common/events/wake_hub.h"

#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"

namespace sockel::events {
namespace {

TEST(WakeHubTest, AnAnnouncementWakesThoseWhoWaitForTheTenant) {
  WakeHub hub;
  absl::Notification smi;
  hub.Wait("smi", hub.Ticket("smi"), absl::Hours(1), [&] { smi.Notify(); });
  hub.Wait("sms", hub.Ticket("sms"), absl::Hours(1), [] { ADD_FAILURE() << "no news of sms"; });
  hub.Announce("smi");
  smi.WaitForNotification();
  EXPECT_EQ(hub.waiting(), 1U);
}

TEST(WakeHubTest, NewsBetweenLookingAndWaitingWakesAtOnce) {
  WakeHub hub;
  const std::uint64_t ticket = hub.Ticket("smi");
  hub.Announce("smi");
  bool woken = false;
  hub.Wait("smi", ticket, absl::Hours(1), [&] { woken = true; });
  EXPECT_TRUE(woken);
}

TEST(WakeHubTest, TimeWakesToo) {
  WakeHub hub;
  absl::Notification late;
  absl::Notification soon;
  hub.Wait("smi", hub.Ticket("smi"), absl::Hours(1), [&] { late.Notify(); });
  hub.Wait("sms", hub.Ticket("sms"), absl::Milliseconds(1), [&] { soon.Notify(); });
  soon.WaitForNotification();
  EXPECT_FALSE(late.HasBeenNotified());
}

TEST(WakeHubTest, NobodyIsWokenTwice) {
  WakeHub hub;
  absl::Notification woken;  // a second Notify() would abort
  hub.Wait("smi", hub.Ticket("smi"), absl::Hours(1), [&] { woken.Notify(); });
  hub.Announce("smi");
  woken.WaitForNotification();
  absl::Notification again;
  hub.Wait("smi", hub.Ticket("smi"), absl::Hours(1), [&] { again.Notify(); });
  hub.Announce("smi");
  again.WaitForNotification();
}

TEST(WakeHubTest, WithoutATenantEverybodyIsWoken) {
  WakeHub hub;
  absl::Notification smi;
  absl::Notification sms;
  hub.Wait("smi", hub.Ticket("smi"), absl::Hours(1), [&] { smi.Notify(); });
  hub.Wait("sms", hub.Ticket("sms"), absl::Hours(1), [&] { sms.Notify(); });
  hub.Announce("");
  smi.WaitForNotification();
  sms.WaitForNotification();
}

}  // namespace
}  // namespace sockel::events
