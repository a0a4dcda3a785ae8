#include "services/notification/config.h"

#include <gtest/gtest.h>

namespace sockel::notification {
namespace {

TEST(ReadConfigTest, ReadsEveryKey) {
  auto reader = config::Reader::Parse(R"(
notification:
  smtp: {host: relay.example, port: 587, security: none, helo_name: me, send_timeout: 5s}
  delivery: {lanes: 8, batch: 100, first_retry: 1s, longest_retry: 2s, max_attempts: 3, poll: 100ms}
  fallback_sender: {address: noreply@provider.example, display_name: Provider}
)");
  ASSERT_TRUE(reader.ok());
  const Config config = ReadConfig(reader->Section("notification"));
  ASSERT_TRUE(reader->Finish().ok()) << reader->Finish();
  EXPECT_EQ(config.smtp.port, 587);
  EXPECT_EQ(config.smtp.security, SmtpOptions::Security::kPlain);
  EXPECT_EQ(config.worker.lanes, 8);
  EXPECT_EQ(config.worker.delivery.retry.max_attempts, 3);
  EXPECT_EQ(config.fallback_sender.address, "noreply@provider.example");
  EXPECT_GT(config.worker.delivery.lease,
            config.worker.delivery.time_box + 2 * config.smtp.send_timeout);
}

TEST(ReadConfigTest, EncryptsUnlessToldOtherwise) {
  auto reader = config::Reader::Parse("{}");
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(ReadConfig(reader->Section("notification")).smtp.security,
            SmtpOptions::Security::kStartTls);
}

}  // namespace
}  // namespace sockel::notification
