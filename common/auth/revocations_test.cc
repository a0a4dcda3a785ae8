#include "common/auth/revocations.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"

namespace sockel::auth {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'600'000);

Principal PrincipalOfTokenMadeAt(absl::Time issued) {
  return {.subject = "tenants/smi/users/u1",
          .tenant = "smi",
          .session = "tenants/smi/users/u1/sessions/s1",
          .expire = issued + absl::Minutes(10),
          .issue_time = issued};
}

Revocation Of(const std::string& name) { return {name, kNow, kNow + absl::Minutes(11)}; }

TEST(RevocationListTest, StopsByEachName) {
  for (const char* name :
       {"tenants/smi", "tenants/smi/users/u1", "tenants/smi/users/u1/sessions/s1"}) {
    RevocationList list;
    EXPECT_FALSE(list.IsRevoked(PrincipalOfTokenMadeAt(kNow)));
    list.Add(Of(name));
    EXPECT_TRUE(list.IsRevoked(PrincipalOfTokenMadeAt(kNow))) << name;
  }
}

TEST(RevocationListTest, StopsWhatAnApplicationDoesForAStoppedUser) {
  RevocationList list;
  list.Add(Of("tenants/smi/users/u1"));
  Principal principal = PrincipalOfTokenMadeAt(kNow);
  principal.subject = "tenants/smi/serviceAccounts/vis";
  principal.on_behalf_of = "tenants/smi/users/u1";
  EXPECT_TRUE(list.IsRevoked(principal));
}

TEST(RevocationListTest, LetsPassWhatOnlyLooksAlike) {
  RevocationList list;
  for (const char* name : {"tenants/sm", "tenants/smi/users/u", "tenants/smi/users/u11",
                           "tenants/smi/users/u1/sessions/s2", "tenants/", ""}) {
    list.Add(Of(name));
  }
  EXPECT_FALSE(list.IsRevoked(PrincipalOfTokenMadeAt(kNow)));
}

TEST(RevocationListTest, LetsPassTokensMadeAfterwards) {
  RevocationList list;
  list.Add(Of("tenants/smi"));
  EXPECT_TRUE(list.IsRevoked(PrincipalOfTokenMadeAt(kNow)));
  EXPECT_FALSE(list.IsRevoked(PrincipalOfTokenMadeAt(kNow + absl::Milliseconds(1))));
}

TEST(RevocationListTest, KeepsTheLatestWhateverTheOrder) {
  RevocationList list;
  list.Add({"tenants/smi", kNow, kNow + absl::Minutes(11)});
  list.Add({"tenants/smi", kNow - absl::Hours(1), kNow - absl::Minutes(49)});
  EXPECT_TRUE(list.IsRevoked(PrincipalOfTokenMadeAt(kNow)));
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

TEST(RevocationListTest, KeepsWhatHasNotExpired) {
  RevocationList list;
  list.Add(Of("tenants/smi/users/u1"));
  list.Add({"tenants/sms", kNow, kNow + absl::Minutes(5)});
  list.Prune(kNow + absl::Minutes(6));
  EXPECT_EQ(list.size(), 1u);
  EXPECT_TRUE(list.IsRevoked(PrincipalOfTokenMadeAt(kNow)));
}

// More names than the list has marks for: those that share one are told apart.
TEST(RevocationListTest, TellsApartAnyNumberOfNames) {
  RevocationList list;
  for (int i = 0; i < 100'000; ++i) list.Add(Of(absl::StrCat("tenants/smi/users/other", i)));
  EXPECT_FALSE(list.IsRevoked(PrincipalOfTokenMadeAt(kNow)));
  list.Add(Of("tenants/smi/users/u1"));
  EXPECT_TRUE(list.IsRevoked(PrincipalOfTokenMadeAt(kNow)));
}

TEST(RevocationListTest, NeverLetsARevokedTokenPassWhileOthersComeAndExpire) {
  RevocationList list;
  list.Add(Of("tenants/smi/users/u1"));
  std::thread others([&list] {
    for (int i = 0; i < 1'000; ++i) {
      list.Add({absl::StrCat("tenants/smi/users/other", i), kNow, kNow});
      list.Prune(kNow + absl::Seconds(1));
    }
  });
  int passed = 0;
  for (int i = 0; i < 10'000; ++i) passed += list.IsRevoked(PrincipalOfTokenMadeAt(kNow)) ? 0 : 1;
  others.join();
  EXPECT_EQ(passed, 0);
}

}  // namespace
}  // namespace sockel::auth
