#include "services/efile/content/keys.h"

#include <gtest/gtest.h>

#include "common/error/error.h"

namespace sockel::efile {
namespace {

std::string Bytes(const Key& key) {
  return {reinterpret_cast<const char*>(key.data()), Key::kSize};
}

TEST(WrapKeyTest, UnwrapsForTheSameContextOnly) {
  const Key wrapping = Key::Random();
  const Key key = Key::Random();
  const std::string wrapped = WrapKey(wrapping, key, "content/smi/1");
  auto same = UnwrapKey(wrapping, wrapped, "content/smi/1");
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(Bytes(*same), Bytes(key));
  EXPECT_EQ(error::ReasonOf(UnwrapKey(wrapping, wrapped, "content/smi/2").status()),
            "CONTENT_DAMAGED");
  EXPECT_FALSE(UnwrapKey(Key::Random(), wrapped, "content/smi/1").ok());
}

TEST(WrapKeyTest, AChangedOrShortenedKeyDoesNotUnwrap) {
  const Key wrapping = Key::Random();
  std::string wrapped = WrapKey(wrapping, Key::Random(), "c");
  EXPECT_FALSE(UnwrapKey(wrapping, wrapped.substr(1), "c").ok());
  EXPECT_FALSE(UnwrapKey(wrapping, "", "c").ok());
  wrapped[20] ^= 1;
  EXPECT_FALSE(UnwrapKey(wrapping, wrapped, "c").ok());
}

TEST(WrapKeyTest, NeverGivesTheSameBytesTwice) {
  const Key wrapping = Key::Random();
  const Key key = Key::Random();
  EXPECT_NE(WrapKey(wrapping, key, "c"), WrapKey(wrapping, key, "c"));
}

TEST(ParseMasterKeyTest, TakesSixtyFourHexadecimalDigitsAndNothingElse) {
  std::string hex(62, '0');
  hex.append("7f");
  auto key = ParseMasterKey(hex);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(Bytes(*key).substr(0, 31), std::string(31, '\0'));
  EXPECT_EQ(Bytes(*key).back(), '\x7f');
  for (const std::string& wrong :
       {std::string(), std::string(63, '0'), std::string(66, '0'), std::string(64, 'g')}) {
    EXPECT_EQ(ParseMasterKey(wrong).status().code(), absl::StatusCode::kFailedPrecondition);
  }
}

}  // namespace
}  // namespace sockel::efile
