#include "common/ledger/audit.h"

#include <gtest/gtest.h>

#include "common/error/error.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/ledger.h"
#include "common/ledger/sequencer.h"
#include "common/ledger/verify.h"
#include "common/testing/callers.h"
#include "common/testing/fake_clock.h"
#include "common/testing/test_database.h"

namespace sockel::ledger {
namespace {

std::vector<pg::Migration> AllMigrations() {
  std::vector<pg::Migration> all = pg::CommonMigrations();
  for (auto& migration : Migrations()) all.push_back(std::move(migration));
  return all;
}

class AuditTest : public ::testing::Test {
 protected:
  // One entry each, integrated in one batch.
  void Record(const std::vector<std::string>& resources, const std::string& tenant = "smi") {
    const absl::Status status =
        db_.Write(testing::MakeCaller(tenant), "test.write", [&](pg::WriteTransaction& tx) {
          for (const std::string& resource : resources) Append(tx, {.resource = resource});
          return absl::OkStatus();
        });
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_TRUE(sequencer_.IntegrateBatch().ok());
  }
  void RecordMany(int count) {
    Record(std::vector<std::string>(static_cast<std::size_t>(count), "tenants/smi/x"));
  }
  CheckpointBody Checkpoint() {
    auto checkpoint = audit_.GetCheckpoint(caller_, {});
    return *OpenCheckpoint(checkpoint->note(), *VerifierKey::Parse(checkpoint->verifier_key()));
  }
  std::vector<std::int64_t> IndexesBelow(const std::string& prefix) {
    audit::v1::ListEntriesRequest request;
    request.set_resource_prefix(prefix);
    auto response = audit_.ListEntries(caller_, request);
    EXPECT_TRUE(response.ok()) << response.status();
    std::vector<std::int64_t> indexes;
    for (const auto& entry : response->entries()) indexes.push_back(entry.index());
    return indexes;
  }

  testing::TestDatabase database_{AllMigrations()};
  testing::FakeClock clock_;
  pg::Pool pool_{{.conninfo = database_.conninfo()}};
  pg::Database db_{pool_, clock_};
  SigningKey key_ = *SigningKey::Generate();
  Sequencer sequencer_{db_, "efile", key_, clock_};
  paging::Tokens tokens_{std::string(32, 'k')};
  Audit audit_{db_, "efile", key_, tokens_};
  Caller caller_ = testing::MakeCaller("smi");
};

TEST_F(AuditTest, AnEmptyLogHasNoCheckpoint) {
  const absl::Status status = audit_.GetCheckpoint(caller_, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(error::ReasonOf(status), "LOG_EMPTY");
}

TEST_F(AuditTest, EveryEntryOfEverySizeCanBeProven) {
  for (const int batch : {1, 2, 4, 6, 10}) {
    RecordMany(batch);
    const CheckpointBody checkpoint = Checkpoint();
    auto entries = audit_.ListEntries(caller_, {});
    ASSERT_TRUE(entries.ok());
    for (const auto& entry : entries->entries()) {
      audit::v1::GetInclusionProofRequest request;
      request.set_index(entry.index());
      request.set_tree_size(checkpoint.size);
      auto proof = audit_.GetInclusionProof(caller_, request);
      ASSERT_TRUE(proof.ok()) << proof.status();
      EXPECT_TRUE(VerifyEntry(checkpoint, entry.index(), entry.leaf(), *proof).ok());
    }
  }
}

TEST_F(AuditTest, ALaterCheckpointIsProvenConsistentWithAnEarlierOne) {
  std::vector<CheckpointBody> checkpoints;
  for (const int batch : {1, 2, 4, 6, 10}) {
    RecordMany(batch);
    checkpoints.push_back(Checkpoint());
  }
  for (const CheckpointBody& older : checkpoints) {
    audit::v1::GetConsistencyProofRequest request;
    request.set_old_size(older.size);
    request.set_new_size(checkpoints.back().size);
    auto proof = audit_.GetConsistencyProof(caller_, request);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_TRUE(VerifyGrowth(older, checkpoints.back(), *proof).ok());
  }
}

TEST_F(AuditTest, AProofOfWhatIsNotIntegratedIsRefused) {
  RecordMany(3);
  audit::v1::GetInclusionProofRequest request;
  request.set_index(3);
  request.set_tree_size(4);
  const absl::Status status = audit_.GetInclusionProof(caller_, request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(error::ReasonOf(status), "INDEX_NOT_INTEGRATED");
}

TEST_F(AuditTest, ImpossibleProofsAreRefused) {
  RecordMany(3);
  audit::v1::GetInclusionProofRequest inclusion;
  inclusion.set_index(2);
  inclusion.set_tree_size(2);
  EXPECT_EQ(audit_.GetInclusionProof(caller_, inclusion).status().code(),
            absl::StatusCode::kInvalidArgument);
  audit::v1::GetConsistencyProofRequest consistency;
  consistency.set_old_size(3);
  consistency.set_new_size(2);
  EXPECT_EQ(audit_.GetConsistencyProof(caller_, consistency).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(AuditTest, PagesHoldEveryEntryOnceInOrder) {
  RecordMany(25);
  audit::v1::ListEntriesRequest request;
  request.set_page_size(10);
  std::vector<std::int64_t> indexes;
  int pages = 0;
  do {
    auto response = audit_.ListEntries(caller_, request);
    ASSERT_TRUE(response.ok()) << response.status();
    for (const auto& entry : response->entries()) indexes.push_back(entry.index());
    request.set_page_token(response->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 3);
  ASSERT_EQ(indexes.size(), 25U);
  for (std::size_t i = 0; i < 25; ++i) EXPECT_EQ(indexes[i], static_cast<std::int64_t>(i));
}

TEST_F(AuditTest, APrefixMeansTheResourceAndWhatLiesBelowIt) {
  Record({"tenants/smi/dossiers/a"});
  Record({"tenants/smi/dossiers/a/documents/1"});
  Record({"tenants/smi/dossiers/a-b"});
  Record({"tenants/smi/dossiers/ab"});
  Record({"tenants/smi/dossiers/a/documents/2"});
  EXPECT_EQ(IndexesBelow("tenants/smi/dossiers/a"), (std::vector<std::int64_t>{0, 1, 4}));
  EXPECT_EQ(IndexesBelow("tenants/smi/dossiers/a/"), (std::vector<std::int64_t>{0, 1, 4}));
  EXPECT_EQ(IndexesBelow("tenants/smi/dossiers/ab"), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(IndexesBelow("tenants/smi/dossiers/%"), (std::vector<std::int64_t>{}));
}

TEST_F(AuditTest, AnotherTenantsLogIsNotSeen) {
  Record({"tenants/sms/x"}, "sms");
  EXPECT_EQ(audit_.GetCheckpoint(caller_, {}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(audit_.ListEntries(caller_, {})->entries_size(), 0);
  audit::v1::GetInclusionProofRequest request;
  request.set_tree_size(1);
  EXPECT_EQ(audit_.GetInclusionProof(caller_, request).status().code(),
            absl::StatusCode::kOutOfRange);
}

TEST_F(AuditTest, LargeEntriesMakeSmallPages) {
  const absl::Status status = db_.Write(caller_, "test.write", [&](pg::WriteTransaction& tx) {
    for (int i = 0; i < 6; ++i) {
      Append(tx, {.resource = "tenants/smi/x", .details = {{"d", std::string(500'000, 'x')}}});
    }
    return absl::OkStatus();
  });
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_TRUE(sequencer_.IntegrateBatch().ok());
  auto response = audit_.ListEntries(caller_, {});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->entries_size(), 3);
  EXPECT_FALSE(response->next_page_token().empty());
}

}  // namespace
}  // namespace sockel::ledger
