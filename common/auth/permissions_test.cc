// The roles and the permissions that the RPCs declare fit each other.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "common/auth/roles.h"
#include "sockel/audit/v1/audit.pb.h"
#include "sockel/catalog/v1/offering.pb.h"
#include "sockel/catalog/v1/order.pb.h"
#include "sockel/efile/v1/document.pb.h"
#include "sockel/efile/v1/dossier.pb.h"
#include "sockel/efile/v1/file_plan.pb.h"
#include "sockel/efile/v1/upload.pb.h"
#include "sockel/events/v1/events.pb.h"
#include "sockel/identity/v1/access.pb.h"
#include "sockel/identity/v1/authentication.pb.h"
#include "sockel/identity/v1/role_binding.pb.h"
#include "sockel/identity/v1/service_account.pb.h"
#include "sockel/identity/v1/tenant.pb.h"
#include "sockel/identity/v1/user.pb.h"
#include "sockel/notification/v1/inbox.pb.h"
#include "sockel/notification/v1/message.pb.h"
#include "sockel/notification/v1/sender.pb.h"
#include "sockel/notification/v1/template.pb.h"
#include "sockel/options/v1/options.pb.h"
#include "sockel/provisioner/v1/provisioner.pb.h"

namespace sockel::auth {
namespace {

std::vector<const google::protobuf::FileDescriptor*> Files() {
  return {audit::v1::Checkpoint::descriptor()->file(),
          catalog::v1::Offering::descriptor()->file(),
          catalog::v1::Order::descriptor()->file(),
          efile::v1::Document::descriptor()->file(),
          efile::v1::Dossier::descriptor()->file(),
          efile::v1::FilePlanEntry::descriptor()->file(),
          efile::v1::Upload::descriptor()->file(),
          events::v1::Event::descriptor()->file(),
          identity::v1::WhoAmIRequest::descriptor()->file(),
          identity::v1::Session::descriptor()->file(),
          identity::v1::RoleBinding::descriptor()->file(),
          identity::v1::ServiceAccount::descriptor()->file(),
          identity::v1::Tenant::descriptor()->file(),
          identity::v1::User::descriptor()->file(),
          notification::v1::InboxItem::descriptor()->file(),
          notification::v1::Message::descriptor()->file(),
          notification::v1::Sender::descriptor()->file(),
          notification::v1::Template::descriptor()->file(),
          provisioner::v1::Operation::descriptor()->file()};
}

std::set<std::string> DeclaredPermissions() {
  // Asked by a rule, not declared on a method.
  std::set<std::string> permissions = {"identity.access.check", "notification.emergencies.send"};
  for (const auto* file : Files()) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const auto& options = file->service(s)->method(m)->options();
        if (options.HasExtension(options::v1::permission)) {
          permissions.insert(options.GetExtension(options::v1::permission));
        }
      }
    }
  }
  return permissions;
}

TEST(PermissionsTest, AreEachHeldBySomeRole) {
  ASSERT_GT(DeclaredPermissions().size(), 60u);
  for (const std::string& permission : DeclaredPermissions()) {
    bool held = false;
    for (const Role& role : BuiltInRoles()) {
      held |= Allows({std::string(role.name)}, permission, "provider", "provider");
    }
    EXPECT_TRUE(held) << permission;
  }
}

TEST(PermissionsTest, ExistForEachPatternOfARole) {
  const std::set<std::string> declared = DeclaredPermissions();
  for (const Role& role : BuiltInRoles()) {
    for (const auto& patterns : {role.home, role.across}) {
      for (std::string_view pattern : patterns) {
        bool used = false;
        for (const std::string& permission : declared) used |= Matches(pattern, permission);
        EXPECT_TRUE(used) << role.name << ": " << pattern;
      }
    }
  }
}

// `a`, `b`, with a space behind; nothing for none.
std::string Cell(absl::Span<const std::string_view> names) {
  std::string cell;
  for (const std::string_view name : names) {
    cell.append(cell.empty() ? "`" : ", `").append(name).append("`");
  }
  return cell.empty() ? cell : cell + " ";
}

std::string RowOf(const Role& role) {
  const std::string_view name[] = {role.name};
  const std::string_view includes[] = {role.includes};
  const auto included = absl::MakeConstSpan(includes).subspan(role.includes.empty() ? 1 : 0);
  std::string row = "| ";
  row.append(Cell(name)).append("| ").append(Cell(included)).append("| ");
  return row.append(Cell(role.home)).append("| ").append(Cell(role.across)).append("|\n");
}

TEST(PermissionsTest, StandOnTheApisPageForEachRoleThatPeopleGive) {
  std::ifstream file(SOCKEL_API_PAGE);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const Role& role : BuiltInRoles()) {
    if (!MayGrant({"operator"}, role.name, "provider", "provider")) continue;
    EXPECT_TRUE(absl::StrContains(page, RowOf(role))) << "protos/README.md lacks the row\n"
                                                      << RowOf(role);
  }
}

// Content and messages stay with the tenant, whatever role the provider invents.
TEST(PermissionsTest, LetNobodyReadContentAcrossTenants) {
  for (const std::string& permission : DeclaredPermissions()) {
    if (!absl::StartsWith(permission, "efile.") && !absl::StartsWith(permission, "audit.") &&
        !absl::StartsWith(permission, "events.") &&
        !(absl::StartsWith(permission, "notification.") &&
          permission != "notification.messages.send")) {
      continue;
    }
    for (const Role& role : BuiltInRoles()) {
      EXPECT_FALSE(Allows({std::string(role.name)}, permission, "provider", "smi"))
          << role.name << ": " << permission;
      EXPECT_FALSE(Allows({std::string(role.name)}, permission, "smi", "smx"));
    }
  }
}

}  // namespace
}  // namespace sockel::auth
