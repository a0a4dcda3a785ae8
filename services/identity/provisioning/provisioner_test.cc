#include "services/identity/provisioning/provisioner.h"

#include <google/protobuf/util/json_util.h>

#include <map>
#include <thread>

#include "common/auth/assertion.h"
#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

using provisioner::v1::Operation;

constexpr char kInstance[] = "0190a0a0-0000-7000-8000-000000000001";

class ProvisionerTest : public IdentityTest {
 protected:
  Caller Catalog() {
    return testing::MakeCaller("provider", "tenants/provider/serviceAccounts/catalog",
                               {"service", "provisioner"});
  }

  provisioner::v1::ProvisionRequest Request(const std::string& tenant = "stmb") {
    provisioner::v1::ProvisionRequest request;
    request.set_instance_id(kInstance);
    request.set_tenant_code(tenant);
    auto& fields = *request.mutable_parameters()->mutable_fields();
    fields["tenant_display_name"].set_string_value("Bauministerium");
    fields["admin_login"].set_string_value("boss");
    fields["admin_email"].set_string_value("boss@stmb.example");
    fields["admin_display_name"].set_string_value("Bärbel Boss");
    fields["application_name"].set_string_value("Bauantrag");
    fields["application_public_key"].set_string_value(key_.ToPublicJson());
    return request;
  }

  absl::StatusOr<Operation> Deprovision() {
    provisioner::v1::DeprovisionRequest request;
    request.set_instance_id(kInstance);
    return provisioner_.Deprovision(Catalog(), request);
  }

  absl::StatusOr<v1::IssueServiceTokenResponse> IssueToken() {
    v1::IssueServiceTokenRequest request;
    request.set_client_assertion(
        *auth::MakeAssertion(key_, "tenants/stmb/serviceAccounts/application", clock_.Now()));
    return service_tokens_.Issue(Anonymous(), request);
  }

  const auth::Key key_ = *auth::Key::Generate();
};

TEST_F(ProvisionerTest, MakesTenantAdminAndApplication) {
  auto operation = provisioner_.Provision(Catalog(), Request());
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_EQ(operation->state(), Operation::SUCCEEDED);
  EXPECT_EQ(operation->outputs().at("tenant"), "tenants/stmb");
  auto admin = GetUser(operation->outputs().at("admin"));
  ASSERT_TRUE(admin.ok()) << admin.status();
  EXPECT_EQ(admin->login(), "boss");
  EXPECT_FALSE(admin->activated());
  ASSERT_TRUE(Activate(*admin).ok());
  auto session = Login("boss", kPassword, "stmb");
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ((*Verify(session->access_token()))->roles, std::vector<std::string>{"tenant-admin"});
  auto token = IssueToken();
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ((*Verify(token->access_token()))->roles, std::vector<std::string>{"application"});
}

TEST_F(ProvisionerTest, TheEventsOfTheBindingsSayWhoGotWhichRole) {
  auto operation = provisioner_.Provision(Catalog(), Request());
  ASSERT_TRUE(operation.ok()) << operation.status();
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::nontransaction look(connection);
  const pqxx::result rows = look.exec(
      "SELECT attributes->>'role' AS role, coalesce(attributes->>'principal', '') AS principal "
      "FROM events WHERE tenant_id = 'stmb' AND type = 'identity.roleBinding.created'");
  std::map<std::string, std::string> holders;
  for (const pqxx::row& row : rows) {
    ASSERT_FALSE(row["role"].is_null());
    holders[row["role"].as<std::string>()] = row["principal"].as<std::string>();
  }
  EXPECT_EQ(holders, (std::map<std::string, std::string>{
                         {"tenant-admin", operation->outputs().at("admin")},
                         {"application", operation->outputs().at("service_account")}}));
}

TEST_F(ProvisionerTest, TakesTheKeyAsObjectToo) {
  auto request = Request();
  google::protobuf::Value key;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(key_.ToPublicJson(), &key).ok());
  (*request.mutable_parameters()->mutable_fields())["application_public_key"] = key;
  EXPECT_EQ(provisioner_.Provision(Catalog(), request)->state(), Operation::SUCCEEDED);
  EXPECT_TRUE(IssueToken().ok());
}

TEST_F(ProvisionerTest, ARepeatGetsTheSameOperation) {
  auto first = provisioner_.Provision(Catalog(), Request());
  clock_.Advance(absl::Hours(1));
  auto second = provisioner_.Provision(Catalog(), Request());
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(first->outputs().at("admin"), second->outputs().at("admin"));
  provisioner::v1::GetOperationRequest get;
  get.set_instance_id(kInstance);
  EXPECT_EQ(provisioner_.GetOperation(Catalog(), get)->outputs().at("admin"),
            first->outputs().at("admin"));
}

TEST_F(ProvisionerTest, RepeatsAtOnceMakeOneTenant) {
  std::vector<std::string> admins(6);
  std::vector<std::thread> callers;
  for (std::string& admin : admins) {
    callers.emplace_back([&] {
      auto operation = provisioner_.Provision(Catalog(), Request());
      admin = operation.ok() && operation->state() == Operation::SUCCEEDED
                  ? operation->outputs().at("admin")
                  : "failed";
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const std::string& admin : admins) EXPECT_EQ(admin, admins[0]);
  EXPECT_NE(admins[0], "failed");
}

TEST_F(ProvisionerTest, RefusesTheInstanceWithOtherContent) {
  ASSERT_TRUE(provisioner_.Provision(Catalog(), Request()).ok());
  auto other = Request();
  (*other.mutable_parameters()->mutable_fields())["admin_login"].set_string_value("else");
  EXPECT_EQ(Reason(provisioner_.Provision(Catalog(), other).status()), "INSTANCE_CONFLICT");
  EXPECT_EQ(Reason(provisioner_.Provision(Catalog(), Request("other")).status()),
            "INSTANCE_CONFLICT");
}

TEST_F(ProvisionerTest, FailsWhenTheTenantExists) {
  auto operation = provisioner_.Provision(Catalog(), Request("smi"));
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_EQ(operation->state(), Operation::FAILED);
  EXPECT_EQ(operation->error(), "The tenant smi exists already.");
}

TEST_F(ProvisionerTest, NamesTheWrongParameter) {
  for (const char* field : {"tenant_display_name", "admin_login", "admin_email",
                            "admin_display_name", "application_name", "application_public_key"}) {
    auto request = Request();
    request.mutable_parameters()->mutable_fields()->erase(field);
    const absl::Status status = provisioner_.Provision(Catalog(), request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << field;
    EXPECT_NE(std::string(status.message()).find(field), std::string::npos) << status;
  }
}

TEST_F(ProvisionerTest, RefusesAParameterOfAnotherType) {
  for (const char* field : {"tenant_display_name", "admin_login", "admin_email",
                            "admin_display_name", "application_name", "application_public_key"}) {
    auto request = Request();
    (*request.mutable_parameters()->mutable_fields())[field].set_number_value(5);
    const absl::Status status = provisioner_.Provision(Catalog(), request).status();
    EXPECT_EQ(Reason(status), "FIELD_INVALID") << field;
    EXPECT_NE(std::string(status.message()).find(field), std::string::npos) << status;
  }
}

TEST_F(ProvisionerTest, TakesBackWhatNobodyUsed) {
  ASSERT_TRUE(provisioner_.Provision(Catalog(), Request()).ok());
  ASSERT_EQ(Deprovision()->state(), Operation::SUCCEEDED);
  EXPECT_EQ(Reason(IssueToken().status()), "ASSERTION_INVALID");
  provisioner::v1::GetOperationRequest get;
  get.set_instance_id(kInstance);
  EXPECT_EQ(Reason(provisioner_.GetOperation(Catalog(), get).status()), "INSTANCE_NOT_FOUND");
  EXPECT_TRUE(MakeTenant("stmb").ok()) << "the code is free again";
}

TEST_F(ProvisionerTest, SuspendsWhatWasUsed) {
  auto operation = provisioner_.Provision(Catalog(), Request());
  auto admin = GetUser(operation->outputs().at("admin"));
  ASSERT_TRUE(Activate(*admin).ok());
  ASSERT_TRUE(Login("boss", kPassword, "stmb").ok());
  ASSERT_EQ(Deprovision()->state(), Operation::SUCCEEDED);
  EXPECT_EQ(Reason(Login("boss", kPassword, "stmb").status()), "TENANT_SUSPENDED");
  EXPECT_EQ(Deprovision()->state(), Operation::SUCCEEDED);
  EXPECT_EQ(provisioner_.Provision(Catalog(), Request())->state(), Operation::FAILED);
}

// Long after: no row but these tells that anybody was there.
TEST_F(ProvisionerTest, SuspendsWhatWasUsedWeeksAgo) {
  auto operation = provisioner_.Provision(Catalog(), Request());
  auto admin = GetUser(operation->outputs().at("admin"));
  ASSERT_TRUE(Activate(*admin).ok());
  ASSERT_TRUE(Login("boss", kPassword, "stmb").ok());
  clock_.Advance(absl::Hours(24 * 21));
  ASSERT_TRUE(upkeep_.DropExpired().ok());
  ASSERT_EQ(Deprovision()->state(), Operation::SUCCEEDED);
  EXPECT_EQ(Reason(Login("boss", kPassword, "stmb").status()), "TENANT_SUSPENDED");
}

TEST_F(ProvisionerTest, SuspendsWhatOnlyTheApplicationUsed) {
  ASSERT_TRUE(provisioner_.Provision(Catalog(), Request()).ok());
  auto token = IssueToken();
  ASSERT_TRUE(token.ok()) << token.status();
  clock_.Advance(absl::Seconds(1));
  ASSERT_EQ(Deprovision()->state(), Operation::SUCCEEDED);
  EXPECT_EQ(Reason(Verify(token->access_token()).status()), "TOKEN_REVOKED");
  EXPECT_EQ(Reason(IssueToken().status()), "TENANT_SUSPENDED");
  EXPECT_EQ(Reason(MakeTenant("stmb").status()), "RESOURCE_EXISTS") << "its files are there";
}

TEST_F(ProvisionerTest, RefusesAnEmailThatDeceives) {
  auto request = Request();
  (*request.mutable_parameters()->mutable_fields())["admin_email"].set_string_value(
      "boss@stmb\u202E.example");
  EXPECT_EQ(Reason(provisioner_.Provision(Catalog(), request).status()), "FIELD_INVALID");
}

TEST_F(ProvisionerTest, TakingBackTheUnknownSucceeds) {
  EXPECT_EQ(Deprovision()->state(), Operation::SUCCEEDED);
}

}  // namespace
}  // namespace sockel::identity
