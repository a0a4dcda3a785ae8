#include "services/identity/names/names.h"

#include <gtest/gtest.h>

#include <string>

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

// Marks and letters by category that show nothing.
constexpr const char* kInvisible[] = {"\u034F", "\u115F",     "\u1160", "\u17B4",
                                      "\u180B", "\u3164",     "\uFE00", "\uFE0F",
                                      "\uFFA0", "\U000E0100", "\u200D", "\U000E0020"};

TEST(CheckDisplayNameTest, RefusesWhatCannotBeSeen) {
  for (const std::string invisible : kInvisible) {
    EXPECT_FALSE(CheckDisplayName("user.display_name", "Max" + invisible + "Muster").ok());
    EXPECT_FALSE(CheckDisplayName("user.display_name", invisible).ok());
  }
}

TEST(CheckEmailTest, TakesWhatMailCanBeSentTo) {
  for (const char* email : {"", "erika@smi.example", "erika@xn--behrde-e1a.example"}) {
    EXPECT_TRUE(CheckEmail("user.email_address", email).ok()) << email;
  }
}

TEST(CheckEmailTest, RefusesWhatMailCannotBeSentToOrDeceivesTheEye) {
  for (const char* email :
       {"erika", "jürgen.groß@behörde.example", "erika@smi\u202E.example",
        "\x1B[31merika@smi.example", "erika\u00A0@smi.example", "erika\u034F@smi.example"}) {
    EXPECT_EQ(error::ReasonOf(CheckEmail("user.email_address", email)), "FIELD_INVALID") << email;
  }
}

}  // namespace
}  // namespace sockel::identity
