#include "common/ids/ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace sockel::ids {
namespace {

TEST(UuidV7Test, CarriesTheTimeVersionAndVariant) {
  // RFC 9562, appendix A.6: 2022-02-22 14:22:22 at UTC-5.
  const std::string id = NewUuidV7(absl::FromUnixMillis(1645557742000));
  EXPECT_EQ(id.substr(0, 15), "017f22e2-79b0-7");
  EXPECT_THAT(id[19], ::testing::AnyOf('8', '9', 'a', 'b'));
  EXPECT_TRUE(IsUuid(id));
}

TEST(UuidV7Test, SortsByTimeWithinAMillisecond) {
  const absl::Time start = absl::FromUnixMillis(1645557742000);
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = NewUuidV7(start + absl::Microseconds(i));
    EXPECT_LT(last, id);
    last = id;
  }
}

TEST(UuidV4Test, IsNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(NewUuidV4());
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_EQ((*seen.begin())[14], '4');
}

TEST(IsUuidTest, KnowsTheForm) {
  EXPECT_TRUE(IsUuid("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"));
  for (const char* text :
       {"", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0"}) {
    EXPECT_FALSE(IsUuid(text)) << text;
  }
}

TEST(EncodingTest, FollowsTheTestVectorsOfRfc4648) {
  EXPECT_EQ(ToBase64("foob"), "Zm9vYg==");
  EXPECT_EQ(ToBase64Url("foob"), "Zm9vYg");
  EXPECT_EQ(ToBase64Url("\xfb\xff"), "-_8");
  EXPECT_EQ(ToBase64(""), "");
  EXPECT_EQ(FromBase64("Zm9vYg=="), "foob");
  EXPECT_EQ(FromBase64Url("Zm9vYg"), "foob");
  EXPECT_EQ(ToHex("foob"), "666f6f62");
  EXPECT_EQ(FromHex("666F6f62"), "foob");
  EXPECT_EQ(FromHex(""), "");
}

TEST(EncodingTest, RefusesWhatIsNotEncoded) {
  EXPECT_EQ(FromHex("666"), std::nullopt);
  EXPECT_EQ(FromHex("zz"), std::nullopt);
  EXPECT_EQ(FromBase64("Zm9vYg"), std::nullopt);
  EXPECT_EQ(FromBase64Url("Zm9v Yg"), std::nullopt);
  EXPECT_EQ(FromBase64Url("Zm9vYg=="), std::nullopt);
}

TEST(SecretsEqualTest, ComparesContent) {
  EXPECT_TRUE(SecretsEqual("abc", "abc"));
  EXPECT_FALSE(SecretsEqual("abc", "abd"));
  EXPECT_FALSE(SecretsEqual("abc", "ab"));
  EXPECT_TRUE(SecretsEqual("", ""));
}

}  // namespace
}  // namespace sockel::ids
