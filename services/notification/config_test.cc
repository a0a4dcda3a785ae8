#include "services/notification/config.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace sockel::notification {
namespace {

TEST(ReadConfigTest, ReadsEveryKey) {
  auto reader = config::Reader::Parse(R"(
notification:
  smtp: {host: relay.example, port: 587, security: none, helo_name: me, send_timeout: 5s,
         answer_timeout: 3m}
  delivery: {lanes: 8, batch: 100, first_retry: 1s, longest_retry: 2s, max_attempts: 3, poll: 100ms}
  fallback_sender: {address: noreply@provider.example, display_name: Provider}
)");
  ASSERT_TRUE(reader.ok());
  const Config config = ReadConfig(reader->Section("notification"));
  ASSERT_TRUE(reader->Finish().ok()) << reader->Finish();
  EXPECT_EQ(config.smtp.port, 587);
  EXPECT_EQ(config.smtp.security, SmtpOptions::Security::kPlain);
  EXPECT_EQ(config.smtp.send_timeout, absl::Seconds(5));
  EXPECT_EQ(config.smtp.answer_timeout, absl::Minutes(3));
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

TEST(ReadConfigTest, RefusesWhatWouldBeTakenForSomethingElse) {
  for (const char* bad : {"security: TLS", "security: plain", "connect_timeout: 0s",
                          "send_timeout: 0s", "answer_timeout: 0s"}) {
    const std::string yaml = absl::StrCat("notification: {smtp: {", bad, "}}");
    auto reader = config::Reader::Parse(yaml);
    ASSERT_TRUE(reader.ok());
    ReadConfig(reader->Section("notification"));
    EXPECT_EQ(reader->Finish().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace sockel::notification
