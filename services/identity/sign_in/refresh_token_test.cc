#include "services/identity/sign_in/refresh_token.h"

#include <gtest/gtest.h>

#include "common/ids/ids.h"

namespace sockel::identity {
namespace {

const std::string kKey(32, 'k');

RefreshToken Some() { return RefreshToken::First("smi", ids::NewUuidV4()); }

TEST(RefreshTokenTest, SurvivesTheWayThroughText) {
  const RefreshToken token = Some();
  auto read = RefreshToken::Parse(token.ToText());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->tenant, "smi");
  EXPECT_EQ(read->session, token.session);
  EXPECT_EQ(read->generation, 1);
  EXPECT_EQ(read->Hash(), token.Hash());
}

TEST(RefreshTokenTest, HasOneSuccessorPerKey) {
  const RefreshToken token = Some();
  EXPECT_EQ(token.Successor(kKey).ToText(), token.Successor(kKey).ToText());
  EXPECT_NE(token.Successor(kKey).Hash(), token.Hash());
  EXPECT_NE(token.Successor(kKey).Hash(), token.Successor(std::string(32, 'x')).Hash());
  EXPECT_EQ(token.Successor(kKey).generation, 2);
}

TEST(RefreshTokenTest, RefusesWhatIsNone) {
  const std::string good = Some().ToText();
  for (const std::string& text :
       {std::string(), std::string("..."), std::string("smi"), good + "x.y", "*" + good.substr(3),
        good.substr(0, good.size() - 3), std::string(500, '.'),
        "smi.not-a-uuid.1." + std::string(43, 'A'),
        "smi." + ids::NewUuidV4() + ".0." + std::string(43, 'A'),
        "smi." + ids::NewUuidV4() + ".99999999999." + std::string(43, 'A'),
        "smi." + ids::NewUuidV4() + ".2147483647." + std::string(43, 'A'),
        "smi." + ids::NewUuidV4() + ".1000000000." + std::string(43, 'A')}) {
    EXPECT_FALSE(RefreshToken::Parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace sockel::identity
