#include "common/auth/roles.h"

#include <gtest/gtest.h>

namespace sockel::auth {
namespace {

struct Case {
  const char* role;
  const char* permission;
  const char* home;
  const char* target;
  bool allowed;
};

class AllowsTest : public ::testing::TestWithParam<Case> {};

TEST_P(AllowsTest, FollowsTheTable) {
  const Case& c = GetParam();
  EXPECT_EQ(Allows({c.role}, c.permission, c.home, c.target), c.allowed)
      << c.role << " " << c.permission << " " << c.home << " -> " << c.target;
}

INSTANTIATE_TEST_SUITE_P(
    WithinATenant, AllowsTest,
    ::testing::Values(Case{"reader", "efile.dossiers.get", "smi", "smi", true},
                      Case{"reader", "efile.documents.download", "smi", "smi", true},
                      Case{"reader", "efile.dossiers.create", "smi", "smi", false},
                      Case{"reader", "notification.messages.send", "smi", "smi", false},
                      Case{"caseworker", "efile.dossiers.close", "smi", "smi", true},
                      Case{"caseworker", "efile.filePlanEntries.list", "smi", "smi", true},
                      Case{"caseworker", "efile.filePlanEntries.create", "smi", "smi", false},
                      Case{"caseworker", "notification.templates.create", "smi", "smi", false},
                      Case{"caseworker", "notification.emergencies.send", "smi", "smi", false},
                      Case{"caseworker", "identity.users.list", "smi", "smi", false},
                      Case{"caseworker", "audit.entries.list", "smi", "smi", false},
                      Case{"records-manager", "efile.filePlanEntries.create", "smi", "smi", true},
                      Case{"records-manager", "efile.dossiers.create", "smi", "smi", true},
                      Case{"application", "notification.templates.create", "smi", "smi", true},
                      Case{"application", "notification.emergencies.send", "smi", "smi", true},
                      Case{"application", "efile.uploads.append", "smi", "smi", true},
                      Case{"application", "identity.users.get", "smi", "smi", false},
                      Case{"auditor", "audit.entries.list", "smi", "smi", true},
                      Case{"auditor", "events.events.watch", "smi", "smi", true},
                      Case{"auditor", "efile.documents.download", "smi", "smi", false},
                      Case{"tenant-admin", "identity.users.create", "smi", "smi", true},
                      Case{"tenant-admin", "identity.roleBindings.delete", "smi", "smi", true},
                      Case{"tenant-admin", "catalog.orders.create", "smi", "smi", true},
                      Case{"tenant-admin", "catalog.orders.approve", "smi", "smi", false},
                      Case{"tenant-admin", "efile.documents.download", "smi", "smi", false},
                      Case{"tenant-admin", "identity.tenants.suspend", "smi", "smi", false},
                      Case{"tenant-admin", "identity.signingKeys.rotate", "smi", "smi", false},
                      Case{"tenant-admin", "provisioner.instances.provision", "smi", "smi",
                           false}));

INSTANTIATE_TEST_SUITE_P(
    AcrossTenants, AllowsTest,
    ::testing::Values(
        Case{"tenant-admin", "identity.users.get", "smi", "smx", false},
        Case{"tenant-admin", "identity.users.list", "smi", "-", false},
        Case{"tenant-admin", "identity.users.list", "smi", "*", false},
        Case{"tenant-admin", "identity.users.list", "provider", "smi", false},
        Case{"caseworker", "efile.dossiers.get", "smi", "smx", false},
        Case{"caseworker", "efile.dossiers.get", "provider", "smi", false},
        Case{"operator", "identity.tenants.suspend", "provider", "smi", true},
        Case{"operator", "identity.tenants.list", "provider", "*", true},
        Case{"operator", "identity.tenants.create", "provider", "provider", true},
        Case{"operator", "catalog.orders.approve", "provider", "smi", true},
        Case{"operator", "identity.users.list", "provider", "provider", true},
        Case{"operator", "identity.users.list", "provider", "smi", false},
        Case{"operator", "identity.users.issueActivationCode", "provider", "smi", false},
        Case{"operator", "efile.documents.download", "provider", "smi", false},
        Case{"operator", "audit.entries.list", "provider", "smi", false},
        Case{"operator", "notification.messages.list", "provider", "smi", false},
        Case{"provisioner", "provisioner.instances.provision", "provider", "provider", true},
        Case{"provisioner", "identity.users.issueActivationCode", "provider", "smi", true},
        Case{"provisioner", "notification.messages.send", "provider", "smi", true},
        Case{"provisioner", "identity.users.get", "provider", "smi", false},
        Case{"service", "identity.revocations.watch", "provider", "provider", true},
        Case{"service", "identity.access.check", "provider", "smi", true},
        Case{"service", "identity.users.create", "provider", "smi", false}));

// A tenant's administrator cannot become the provider by the name of a role.
INSTANTIATE_TEST_SUITE_P(
    ProviderRolesElsewhere, AllowsTest,
    ::testing::Values(Case{"operator", "identity.tenants.suspend", "smi", "smi", false},
                      Case{"operator", "identity.users.list", "smi", "smi", false},
                      Case{"operator", "catalog.offerings.get", "smi", "smi", false},
                      Case{"provisioner", "provisioner.instances.provision", "smi", "smi", false},
                      Case{"service", "identity.revocations.watch", "smi", "smi", false}));

INSTANTIATE_TEST_SUITE_P(
    Nonsense, AllowsTest,
    ::testing::Values(Case{"root", "efile.dossiers.get", "smi", "smi", false},
                      Case{"", "efile.dossiers.get", "smi", "smi", false},
                      Case{"Reader", "efile.dossiers.get", "smi", "smi", false},
                      Case{"reader", "", "smi", "smi", false},
                      Case{"reader", "efile", "smi", "smi", false},
                      Case{"reader", "efile.dossiers", "smi", "smi", false},
                      Case{"reader", "efile.dossiers.get.x", "smi", "smi", false},
                      Case{"reader", "efile.dossiers.*", "smi", "smi", false},
                      Case{"reader", "efile.dossiers.get", "", "", false},
                      Case{"caseworker", "efile..create", "smi", "smi", false}));

TEST(AllowsTest, AddsUpSeveralRoles) {
  EXPECT_TRUE(Allows({"unknown", "auditor", "reader"}, "efile.dossiers.get", "smi", "smi"));
  EXPECT_FALSE(Allows({}, "efile.dossiers.get", "smi", "smi"));
}

TEST(AllowsTest, LetsEveryRoleSeeOfferingsAndItsInbox) {
  for (const Role& role : BuiltInRoles()) {
    EXPECT_TRUE(Allows({std::string(role.name)}, "catalog.offerings.list", "provider", "provider"))
        << role.name;
    EXPECT_TRUE(
        Allows({std::string(role.name)}, "notification.inboxItems.list", "provider", "provider"));
  }
  EXPECT_FALSE(Allows({}, "catalog.offerings.list", "smi", "smi"));
}

TEST(RolesTest, GiveCrossTenantRightsToProviderRolesOnly) {
  for (const Role& role : BuiltInRoles()) {
    EXPECT_TRUE(role.across.empty() || role.provider_only) << role.name;
    // A role that is for everybody must not include one that is not.
    const Role* included = FindRole(role.includes);
    EXPECT_TRUE(role.includes.empty() || included != nullptr) << role.name;
    EXPECT_TRUE(included == nullptr || !included->provider_only || role.provider_only);
    for (std::string_view granted : role.grants) EXPECT_NE(FindRole(granted), nullptr) << granted;
  }
}

// Else whoever gives them could take up what they reach in every tenant.
TEST(RolesTest, CannotBeGivenWhenTheyReachIntoEveryTenantExceptOperator) {
  for (const Role& role : BuiltInRoles()) {
    for (std::string_view granted : role.grants) {
      const Role* given = FindRole(granted);
      ASSERT_NE(given, nullptr) << granted;
      EXPECT_TRUE(given->across.empty() || granted == "operator") << role.name << ": " << granted;
    }
  }
}

TEST(MatchesTest, ComparesPartByPart) {
  EXPECT_TRUE(Matches("a.b.c", "a.b.c"));
  EXPECT_TRUE(Matches("a.*.c", "a.b.c"));
  EXPECT_TRUE(Matches("*.*.*", "a.b.c"));
  EXPECT_FALSE(Matches("a.b", "a.b.c"));
  EXPECT_FALSE(Matches("a.*", "a.b.c"));
  EXPECT_FALSE(Matches("a.b.c*", "a.b.cc"));
  EXPECT_FALSE(Matches("a.b.c", "a.b.cc"));
}

TEST(MayGrantTest, LetsATenantAdminGiveTheRolesOfATenant) {
  EXPECT_TRUE(MayGrant({"tenant-admin"}, "caseworker", "smi", "smi"));
  EXPECT_TRUE(MayGrant({"tenant-admin"}, "tenant-admin", "smi", "smi"));
}

TEST(MayGrantTest, RefusesProviderRolesOtherTenantsAndOtherPeople) {
  EXPECT_FALSE(MayGrant({"tenant-admin"}, "operator", "smi", "smi"));
  EXPECT_FALSE(MayGrant({"tenant-admin"}, "operator", "provider", "provider"));
  EXPECT_FALSE(MayGrant({"tenant-admin"}, "caseworker", "smi", "smx"));
  EXPECT_FALSE(MayGrant({"caseworker"}, "caseworker", "smi", "smi"));
  EXPECT_FALSE(MayGrant({"operator"}, "tenant-admin", "provider", "smi"));
  EXPECT_FALSE(MayGrant({"operator"}, "operator", "smi", "smi"));
  EXPECT_FALSE(MayGrant({"tenant-admin"}, "root", "smi", "smi"));
  EXPECT_TRUE(MayGrant({"operator"}, "operator", "provider", "provider"));
}

TEST(MayGrantTest, LeavesTheRolesOfTheSuitesServicesToBootstrap) {
  for (const Role& role : BuiltInRoles()) {
    for (const char* of_services : {"provisioner", "service"}) {
      EXPECT_FALSE(MayGrant({std::string(role.name)}, of_services, "provider", "provider"))
          << role.name << ": " << of_services;
    }
  }
}

}  // namespace
}  // namespace sockel::auth
