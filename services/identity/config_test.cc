#include "services/identity/config.h"

#include <gtest/gtest.h>

#include <string>

namespace sockel::identity {
namespace {

// What Finish() says about the section `identity`.
std::string Problems(const std::string& yaml) {
  config::Reader reader = config::Reader::Parse("identity: " + yaml).value();
  ReadConfig(reader.Section("identity")).IgnoreError();
  return std::string(reader.Finish().message());
}

// Revocations are kept for as long as any token may live.
TEST(ConfigTest, RefusesTokensThatOutliveTheirRevocation) {
  for (const char* lifetime : {"61m", "24h", "0s"}) {
    EXPECT_NE(Problems(std::string("{access_token_lifetime: ") + lifetime + "}")
                  .find("`identity.access_token_lifetime` must be a duration of up to 1h"),
              std::string::npos)
        << lifetime;
  }
  EXPECT_EQ(Problems("{access_token_lifetime: 1h}").find("access_token_lifetime"),
            std::string::npos);
}

// What nothing may wait for refuses everything.
TEST(ConfigTest, RefusesAPasswordPoolWithoutQueue) {
  EXPECT_NE(Problems("{argon2: {waiting: 0}}").find("argon2.waiting"), std::string::npos);
  EXPECT_EQ(Problems("{argon2: {waiting: 1}}").find("argon2.waiting"), std::string::npos);
}

}  // namespace
}  // namespace sockel::identity
