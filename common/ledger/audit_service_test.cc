#include "common/ledger/audit_service.h"

#include <gtest/gtest.h>

#include "common/error/error.h"
#include "common/error/grpc_status.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/ledger.h"
#include "common/ledger/sequencer.h"
#include "common/ledger/verify.h"
#include "common/rpc/testing/in_process_server.h"
#include "common/testing/callers.h"
#include "common/testing/fake_clock.h"
#include "common/testing/test_database.h"

namespace sockel::ledger {
namespace {

using audit::v1::AuditService;

std::vector<pg::Migration> AllMigrations() {
  std::vector<pg::Migration> all = pg::CommonMigrations();
  for (auto& migration : Migrations()) all.push_back(std::move(migration));
  return all;
}

class AuditDoorTest : public ::testing::Test {
 protected:
  AuditDoorTest() {
    server_.Serve({&door_});
    stub_ = AuditService::NewStub(server_.channel());
    const absl::Status written =
        db_.Write(testing::MakeCaller("smi"), "test.write", [](pg::WriteTransaction& tx) {
          for (int i = 0; i < 3; ++i) Append(tx, {.resource = "tenants/smi/x"});
          return absl::OkStatus();
        });
    EXPECT_TRUE(written.ok()) << written;
    EXPECT_TRUE(sequencer_.IntegrateBatch().ok());
  }
  ~AuditDoorTest() override { server_.Stop(); }

  absl::StatusOr<audit::v1::Checkpoint> GetCheckpoint(const std::string& parent,
                                                      const std::vector<std::string>& roles = {
                                                          "all"}) {
    audit::v1::GetCheckpointRequest request;
    request.set_parent(parent);
    audit::v1::Checkpoint response;
    auto context = rpc::testing::InProcessServer::Context("smi", roles);
    const grpc::Status status = stub_->GetCheckpoint(context.get(), request, &response);
    if (!status.ok()) return error::FromGrpc(status);
    return response;
  }

  testing::TestDatabase database_{AllMigrations()};
  testing::FakeClock clock_;
  pg::Pool pool_{{.conninfo = database_.conninfo()}};
  pg::Database db_{pool_, clock_};
  SigningKey key_ = *SigningKey::Generate();
  Sequencer sequencer_{db_, "efile", key_, clock_};
  paging::Tokens tokens_{std::string(32, 'k')};
  Audit audit_{db_, "efile", key_, tokens_};
  rpc::testing::InProcessServer server_{{.domain = "efile.sockel"}};
  AuditDoor door_{server_.dispatcher(), audit_};
  std::unique_ptr<AuditService::Stub> stub_;
};

TEST_F(AuditDoorTest, WhatAClientGetsCanBeVerifiedByIt) {
  const auto checkpoint = GetCheckpoint("tenants/smi");
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const auto body =
      OpenCheckpoint(checkpoint->note(), *VerifierKey::Parse(checkpoint->verifier_key()));
  ASSERT_TRUE(body.ok()) << body.status();

  audit::v1::ListEntriesRequest list;
  list.set_parent("tenants/smi");
  audit::v1::ListEntriesResponse entries;
  auto context = server_.Context("smi");
  ASSERT_TRUE(stub_->ListEntries(context.get(), list, &entries).ok());
  LogAuditor auditor;
  for (const auto& entry : entries.entries()) ASSERT_TRUE(auditor.Add(entry).ok());
  EXPECT_TRUE(auditor.Finish(*body).ok());

  audit::v1::GetInclusionProofRequest prove;
  prove.set_parent("tenants/smi");
  prove.set_index(1);
  prove.set_tree_size(body->size);
  audit::v1::Proof proof;
  context = server_.Context("smi");
  ASSERT_TRUE(stub_->GetInclusionProof(context.get(), prove, &proof).ok());
  EXPECT_TRUE(VerifyEntry(*body, 1, entries.entries(1).leaf(), proof).ok());

  audit::v1::GetConsistencyProofRequest grow;
  grow.set_parent("tenants/smi");
  grow.set_old_size(2);
  grow.set_new_size(3);
  context = server_.Context("smi");
  EXPECT_TRUE(stub_->GetConsistencyProof(context.get(), grow, &proof).ok());
}

TEST_F(AuditDoorTest, AnotherTenantsLogIsRefused) {
  EXPECT_TRUE(absl::IsPermissionDenied(GetCheckpoint("tenants/sms").status()));
}

TEST_F(AuditDoorTest, WithoutThePermissionItIsRefused) {
  const absl::Status status = GetCheckpoint("tenants/smi", {"audit.entries.list"}).status();
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_EQ(error::ReasonOf(status), "PERMISSION_MISSING");
}

TEST_F(AuditDoorTest, AMalformedParentIsNamed) {
  EXPECT_TRUE(absl::IsInvalidArgument(GetCheckpoint("tenants/smi/dossiers/1").status()));
}

}  // namespace
}  // namespace sockel::ledger
