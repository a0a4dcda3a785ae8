#include "services/efile/provisioning/provisioner.h"

#include "common/error/error.h"
#include "services/efile/efile_fixture.h"

namespace sockel::efile {
namespace {

using provisioner::v1::Operation;

class ProvisionerTest : public EfileTest {};

constexpr char kOther[] = "0190a1b2-0000-4000-8000-00000000000b";

TEST_F(ProvisionerTest, GivesATenantKeyAndFilePlan) {
  ASSERT_TRUE(CreateDossier().ok());
  EXPECT_EQ(Count("tenant_keys WHERE tenant_id = 'smi'"), 1);
}

TEST_F(ProvisionerTest, TheSameOrderAgainIsTheSameOperation) {
  auto again = Provision("smi", kInstance);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state(), Operation::SUCCEEDED);
  EXPECT_EQ(Count("tenant_keys"), 1);
  EXPECT_EQ(Count("file_plan_entries"), 1);
}

TEST_F(ProvisionerTest, TheSameIdWithOtherContentIsRefused) {
  EXPECT_EQ(error::ReasonOf(Provision("smi", kInstance, "7").status()), "INSTANCE_CONFLICT");
  EXPECT_EQ(error::ReasonOf(Provision("sms", kInstance).status()), "INSTANCE_CONFLICT");
}

TEST_F(ProvisionerTest, ASecondOrderAddsToTheFilePlanAndKeepsTheKey) {
  auto document = CreateDocument(User(), CreateDossier()->name(), "x");
  ASSERT_TRUE(Provision("smi", kOther, "7").ok());
  EXPECT_TRUE(CreateDossier(User(), "7").ok());
  EXPECT_EQ(*Download(User(), document->name()), "x");
}

TEST_F(ProvisionerTest, TellsWhatBecameOfAnInstance) {
  provisioner::v1::GetOperationRequest request;
  request.set_instance_id(kInstance);
  const Caller provider = testing::MakeCaller("provider");
  EXPECT_EQ(provisioner_.GetOperation(provider, request)->state(), Operation::SUCCEEDED);
  request.set_instance_id(kOther);
  EXPECT_EQ(error::ReasonOf(provisioner_.GetOperation(provider, request).status()),
            "INSTANCE_NOT_FOUND");
}

TEST_F(ProvisionerTest, TakingBackDestroysNoRecords) {
  auto document = CreateDocument(User(), CreateDossier()->name(), "x");
  provisioner::v1::DeprovisionRequest request;
  request.set_instance_id(kInstance);
  const Caller provider = testing::MakeCaller("provider");
  EXPECT_EQ(provisioner_.Deprovision(provider, request)->state(), Operation::SUCCEEDED);
  EXPECT_EQ(provisioner_.Deprovision(provider, request)->state(), Operation::SUCCEEDED);
  EXPECT_EQ(*Download(User(), document->name()), "x");
  request.set_instance_id(kOther);
  EXPECT_EQ(provisioner_.Deprovision(provider, request)->state(), Operation::SUCCEEDED);
}

TEST_F(ProvisionerTest, NobodyButTheProviderMayUseIt) {
  const Caller ministry = testing::MakeCaller("smi", "", {"provisioner"});
  provisioner::v1::ProvisionRequest request;
  request.set_instance_id(kOther);
  request.set_tenant_code("sms");
  EXPECT_EQ(provisioner_.Provision(ministry, request).status().code(),
            absl::StatusCode::kPermissionDenied);
  provisioner::v1::DeprovisionRequest deprovision;
  deprovision.set_instance_id(kInstance);
  EXPECT_EQ(provisioner_.Deprovision(ministry, deprovision).status().code(),
            absl::StatusCode::kPermissionDenied);
  provisioner::v1::GetOperationRequest get;
  get.set_instance_id(kInstance);
  EXPECT_EQ(provisioner_.GetOperation(ministry, get).status().code(),
            absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace sockel::efile
