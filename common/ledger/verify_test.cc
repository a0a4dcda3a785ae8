#include "common/ledger/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace sockel::ledger {
namespace {

using ::testing::HasSubstr;

// A log of some entries, as a service would hand it out.
class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() {
    for (int i = 0; i < 11; ++i) {
      audit::v1::LogEntry entry;
      entry.set_index(i);
      entry.mutable_entry()->set_tenant("tenants/smi");
      entry.mutable_entry()->set_action("action " + std::to_string(i));
      entry.set_leaf(entry.entry().SerializeAsString());
      nodes_[{0, i}] = LeafHash(entry.leaf());
      frontier_.Append(LeafHash(entry.leaf()),
                       [&](NodeId id, const Hash& hash) { nodes_[id] = hash; });
      entries_.push_back(entry);
      checkpoints_.push_back({"sockel/efile/smi", frontier_.size(), frontier_.Root()});
    }
  }

  audit::v1::Proof Resolve(const ProofPlan& plan) const {
    audit::v1::Proof proof;
    for (const auto& ids : plan) {
      std::vector<Hash> hashes;
      for (const NodeId& id : ids) hashes.push_back(nodes_.at(id));
      proof.add_hashes(ToBytes(FoldRange(hashes)));
    }
    return proof;
  }

  audit::v1::EvidenceBundle Bundle() const {
    audit::v1::EvidenceBundle bundle;
    bundle.mutable_checkpoint()->set_note(SignCheckpoint(checkpoints_.back(), key_));
    for (const int index : {2, 7}) {
      audit::v1::ProvenEntry& proven = *bundle.add_entries();
      *proven.mutable_entry() = entries_[static_cast<std::size_t>(index)];
      *proven.mutable_proof() = Resolve(InclusionPlan(index, frontier_.size()));
    }
    return bundle;
  }

  const CheckpointBody& At(std::size_t size) const { return checkpoints_[size - 1]; }

  SigningKey key_ = *SigningKey::Generate();
  VerifierKey verifier_{"sockel/efile/smi", key_.public_key()};
  std::vector<audit::v1::LogEntry> entries_;
  std::vector<CheckpointBody> checkpoints_;
  std::map<NodeId, Hash> nodes_;
  Frontier frontier_;
};

TEST_F(VerifyTest, AcceptsAnHonestBundle) {
  const absl::StatusOr<CheckpointBody> checkpoint = VerifyBundle(Bundle(), verifier_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->size, 11);
}

TEST_F(VerifyTest, NoticesAChangedLeaf) {
  audit::v1::EvidenceBundle bundle = Bundle();
  bundle.mutable_entries(1)->mutable_entry()->mutable_leaf()->back() ^= 1;
  EXPECT_EQ(VerifyBundle(bundle, verifier_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(VerifyTest, NoticesAReadingThatIsNotTheLeafs) {
  audit::v1::EvidenceBundle bundle = Bundle();
  bundle.mutable_entries(0)->mutable_entry()->mutable_entry()->set_actor("somebody else");
  EXPECT_THAT(std::string(VerifyBundle(bundle, verifier_).status().message()),
              HasSubstr("entry 2 is shown differently"));
}

TEST_F(VerifyTest, NoticesAnEntryAtAnotherPlace) {
  audit::v1::EvidenceBundle bundle = Bundle();
  bundle.mutable_entries(0)->mutable_entry()->set_index(3);
  EXPECT_FALSE(VerifyBundle(bundle, verifier_).ok());
}

TEST_F(VerifyTest, DoesNotBelieveTheKeyInTheBundle) {
  audit::v1::EvidenceBundle bundle = Bundle();
  const SigningKey forger = *SigningKey::Generate();
  bundle.mutable_checkpoint()->set_note(SignCheckpoint(checkpoints_.back(), forger));
  bundle.mutable_checkpoint()->set_verifier_key(
      VerifierKey("sockel/efile/smi", forger.public_key()).ToString());
  EXPECT_FALSE(VerifyBundle(bundle, verifier_).ok());
}

TEST_F(VerifyTest, ProvesThatALogOnlyGrew) {
  EXPECT_TRUE(VerifyGrowth(At(4), At(11), Resolve(ConsistencyPlan(4, 11))).ok());
  CheckpointBody rewritten = At(4);
  rewritten.root[0] ^= 1;
  EXPECT_FALSE(VerifyGrowth(rewritten, At(11), Resolve(ConsistencyPlan(4, 11))).ok());
}

TEST_F(VerifyTest, AHashOfAnotherLengthIsNoProof) {
  audit::v1::Proof proof = Resolve(ConsistencyPlan(4, 11));
  proof.add_hashes("short");
  EXPECT_FALSE(VerifyGrowth(At(4), At(11), proof).ok());
}

TEST_F(VerifyTest, AuditsAWholeLog) {
  LogAuditor auditor(At(6));
  for (const auto& entry : entries_) ASSERT_TRUE(auditor.Add(entry).ok());
  EXPECT_TRUE(auditor.Finish(At(11)).ok());
}

TEST_F(VerifyTest, AnAuditNoticesOneChangedByte) {
  for (std::size_t victim = 0; victim < entries_.size(); ++victim) {
    LogAuditor auditor;
    for (audit::v1::LogEntry entry : entries_) {
      if (static_cast<std::size_t>(entry.index()) == victim) (*entry.mutable_leaf())[3] ^= 4;
      ASSERT_TRUE(auditor.Add(entry).ok());
    }
    EXPECT_EQ(auditor.Finish(At(11)).code(), absl::StatusCode::kDataLoss);
  }
}

TEST_F(VerifyTest, AnAuditNoticesALeftOutEntry) {
  LogAuditor auditor;
  ASSERT_TRUE(auditor.Add(entries_[0]).ok());
  EXPECT_EQ(auditor.Add(entries_[2]).code(), absl::StatusCode::kDataLoss);
}

TEST_F(VerifyTest, AnAuditNoticesARewrittenHistoryWithAFreshSignature) {
  CheckpointBody earlier = At(6);
  earlier.root = LeafHash("what was signed then");
  LogAuditor auditor(earlier);
  for (const auto& entry : entries_) ASSERT_TRUE(auditor.Add(entry).ok());
  EXPECT_THAT(std::string(auditor.Finish(At(11)).message()), HasSubstr("history was rewritten"));
}

TEST_F(VerifyTest, AnAuditNoticesAShortenedLog) {
  LogAuditor auditor(At(11));
  for (std::size_t i = 0; i < 6; ++i) ASSERT_TRUE(auditor.Add(entries_[i]).ok());
  EXPECT_THAT(std::string(auditor.Finish(At(6)).message()), HasSubstr("shorter"));
}

}  // namespace
}  // namespace sockel::ledger
