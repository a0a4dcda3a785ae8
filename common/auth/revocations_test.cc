#include "common/auth/revocations.h"

#include <gtest/gtest.h>

namespace sockel::auth {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'600'000);

Claims ClaimsIssuedAt(absl::Time issued) {
  Claims claims;
  claims.principal = {"tenants/smi/users/u1",    "smi", {}, "tenants/smi/users/u1/sessions/s1", "",
                      issued + absl::Minutes(10)};
  claims.issue_time = issued;
  return claims;
}

Revocation Of(const std::string& name) { return {name, kNow, kNow + absl::Minutes(11)}; }

TEST(RevocationListTest, StopsByEachName) {
  for (const char* name :
       {"tenants/smi", "tenants/smi/users/u1", "tenants/smi/users/u1/sessions/s1"}) {
    RevocationList list;
    EXPECT_FALSE(list.IsRevoked(ClaimsIssuedAt(kNow)));
    list.Add(Of(name));
    EXPECT_TRUE(list.IsRevoked(ClaimsIssuedAt(kNow))) << name;
  }
}

TEST(RevocationListTest, StopsWhatAnApplicationDoesForAStoppedUser) {
  RevocationList list;
  list.Add(Of("tenants/smi/users/u1"));
  Claims claims = ClaimsIssuedAt(kNow);
  claims.principal.subject = "tenants/smi/serviceAccounts/vis";
  claims.principal.on_behalf_of = "tenants/smi/users/u1";
  EXPECT_TRUE(list.IsRevoked(claims));
}

TEST(RevocationListTest, LetsPassWhatOnlyLooksAlike) {
  RevocationList list;
  for (const char* name : {"tenants/sm", "tenants/smi/users/u", "tenants/smi/users/u11",
                           "tenants/smi/users/u1/sessions/s2", "tenants/", ""}) {
    list.Add(Of(name));
  }
  EXPECT_FALSE(list.IsRevoked(ClaimsIssuedAt(kNow)));
}

TEST(RevocationListTest, LetsPassTokensMadeAfterwards) {
  RevocationList list;
  list.Add(Of("tenants/smi"));
  EXPECT_TRUE(list.IsRevoked(ClaimsIssuedAt(kNow)));
  EXPECT_FALSE(list.IsRevoked(ClaimsIssuedAt(kNow + absl::Milliseconds(1))));
}

TEST(RevocationListTest, KeepsTheLatestWhateverTheOrder) {
  RevocationList list;
  list.Add({"tenants/smi", kNow, kNow + absl::Minutes(11)});
  list.Add({"tenants/smi", kNow - absl::Hours(1), kNow - absl::Minutes(49)});
  EXPECT_TRUE(list.IsRevoked(ClaimsIssuedAt(kNow)));
  list.Prune(kNow);
  EXPECT_EQ(list.size(), 1u);
}

TEST(RevocationListTest, ForgetsWhatHasExpired) {
  RevocationList list;
  list.Add(Of("tenants/smi"));
  list.Prune(kNow + absl::Minutes(11));
  EXPECT_EQ(list.size(), 1u);
  list.Prune(kNow + absl::Minutes(11) + absl::Seconds(1));
  EXPECT_EQ(list.size(), 0u);
}

}  // namespace
}  // namespace sockel::auth
