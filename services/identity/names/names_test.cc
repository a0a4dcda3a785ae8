#include "services/identity/names/names.h"

#include <gtest/gtest.h>

#include "common/error/error.h"
#include "services/identity/names/display_name.h"

namespace sockel::identity {
namespace {

TEST(ParsePrincipalTest, TellsUsersFromServiceAccounts) {
  auto user = ParsePrincipal("tenants/smi/users/u1");
  ASSERT_TRUE(user.has_value());
  EXPECT_EQ(user->tenant, "smi");
  EXPECT_EQ(user->id, "u1");
  EXPECT_EQ(user->kind, PrincipalName::Kind::kUser);
  auto account = ParsePrincipal("tenants/smi/serviceAccounts/app");
  ASSERT_TRUE(account.has_value());
  EXPECT_EQ(account->kind, PrincipalName::Kind::kServiceAccount);
}

TEST(ParsePrincipalTest, RefusesWhatIsNoPrincipal) {
  for (const char* name : {"", "tenants/smi", "tenants/smi/users/", "tenants//users/u1",
                           "tenants/smi/users/u1/sessions/s1", "tenants/smi/groups/g1",
                           "tenants/*/users/u1", "tenants/-/users/u1"}) {
    EXPECT_FALSE(ParsePrincipal(name).has_value()) << name;
  }
}

TEST(CheckDisplayNameTest, TakesNamesOfPeople) {
  for (const char* name : {"Erika Muster", "Jürgen Groß", "Zoë O’Neill", "Łukasz", "李明"}) {
    EXPECT_TRUE(CheckDisplayName("user.display_name", name).ok()) << name;
  }
}

TEST(CheckDisplayNameTest, RefusesWhatDeceivesTheEye) {
  // Right-to-left override, zero-width space, soft hyphen, newline, private use.
  for (const char* name :
       {"Max\u202Eretsum", "Max\u200BMuster", "Max\u00ADM", "Max\nM", "\uE000", "   "}) {
    EXPECT_EQ(CheckDisplayName("user.display_name", name).code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace sockel::identity
