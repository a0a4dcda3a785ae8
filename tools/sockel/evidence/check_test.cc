#include "tools/sockel/evidence/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/ids/ids.h"
#include "tools/sockel/audit/log_memory.h"
#include "tools/sockel/evidence/zip_file.h"
#include "tools/sockel/render.h"
#include "tools/sockel/testing_folder.h"
#include "tools/sockel/transfer/hash.h"

namespace sockel::cli {
namespace {

using ::testing::HasSubstr;

std::string Sha(const std::string& text) {
  Sha256 hash;
  hash.Add(text);
  return hash.Finish();
}

// A dossier with two documents and the log that recorded them.
class EvidenceTest : public ::testing::Test {
 protected:
  EvidenceTest() {
    manifest_.dossier.set_name("tenants/smi/dossiers/d");
    Record("efile.dossiers.create", manifest_.dossier.name(), "");
    File("1", "first", "documents/0001-a.txt");
    File("2", "second", "documents/0002-b.txt");
  }

  void Record(const std::string& action, const std::string& resource, const std::string& sha256) {
    audit::v1::AuditEntry entry;
    entry.set_tenant("tenants/smi");
    entry.set_action(action);
    entry.set_resource(resource);
    if (!sha256.empty()) (*entry.mutable_details())["sha256"] = ids::ToHex(sha256);
    leaves_.push_back(entry.SerializeAsString());
  }

  void File(const std::string& id, const std::string& content, const std::string& file) {
    ManifestDocument entry;
    entry.file = file;
    entry.document.set_name("tenants/smi/dossiers/d/documents/" + id);
    entry.document.mutable_content()->set_sha256(Sha(content));
    Record("efile.documents.create", entry.document.name(), Sha(content));
    manifest_.documents.push_back(entry);
    files_[file] = content;
  }

  audit::v1::EvidenceBundle Bundle(const ledger::SigningKey& key) const {
    std::map<ledger::NodeId, ledger::Hash> nodes;
    ledger::Frontier frontier;
    for (const std::string& leaf : leaves_) {
      nodes[{0, frontier.size()}] = ledger::LeafHash(leaf);
      frontier.Append(ledger::LeafHash(leaf),
                      [&](ledger::NodeId id, const ledger::Hash& hash) { nodes[id] = hash; });
    }
    audit::v1::EvidenceBundle bundle;
    bundle.mutable_checkpoint()->set_note(
        ledger::SignCheckpoint({"sockel/efile/smi", frontier.size(), frontier.Root()}, key));
    bundle.mutable_checkpoint()->set_verifier_key(
        ledger::VerifierKey("sockel/efile/smi", key.public_key()).ToString());
    for (std::int64_t i = 0; i < frontier.size(); ++i) {
      auto& proven = *bundle.add_entries();
      proven.mutable_entry()->set_index(i);
      proven.mutable_entry()->set_leaf(leaves_[static_cast<std::size_t>(i)]);
      for (const auto& ids : ledger::InclusionPlan(i, frontier.size())) {
        std::vector<ledger::Hash> hashes;
        for (const auto& id : ids) hashes.push_back(nodes.at(id));
        proven.mutable_proof()->add_hashes(ledger::ToBytes(ledger::FoldRange(hashes)));
      }
    }
    return bundle;
  }

  absl::StatusOr<EvidenceVerdict> Check(const std::string& verifier_key = "") {
    const std::filesystem::path path = folder_ / "dossier.zip";
    absl::StatusOr<ZipWriter> zip = ZipWriter::Create(path);
    EXPECT_TRUE(zip->AddText(kManifestName, ToJson(manifest_)).ok());
    EXPECT_TRUE(zip->AddText(kAuditName, RenderJson(Bundle(key_))).ok());
    for (const auto& [name, content] : files_) EXPECT_TRUE(zip->AddText(name, content).ok());
    EXPECT_TRUE(zip->Finish().ok());
    return CheckEvidence(path, verifier_key, store_);
  }

  std::string Refusal(const std::string& verifier_key = "") {
    const absl::Status status = Check(verifier_key).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    return std::string(status.message());
  }

  TestingFolder folder_;
  ProfileStore store_{folder_.path()};
  ledger::SigningKey key_ = *ledger::SigningKey::Generate();
  Manifest manifest_;
  std::vector<std::string> leaves_;
  std::map<std::string, std::string> files_;
};

TEST_F(EvidenceTest, AnHonestFileIsAccepted) {
  const auto verdict = Check();
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->entries, 3);
  EXPECT_EQ(verdict->manifest.documents.size(), 2U);
  EXPECT_FALSE(verdict->log.key_confirmed);
}

TEST_F(EvidenceTest, AChangedDocumentIsNoticed) {
  files_["documents/0001-a.txt"] = "forged";
  EXPECT_THAT(Refusal(), HasSubstr("documents/0001-a.txt is not what was filed"));
}

TEST_F(EvidenceTest, AMissingDocumentIsNoticed) {
  files_.erase("documents/0002-b.txt");
  EXPECT_THAT(Refusal(), HasSubstr("documents/0002-b.txt"));
}

TEST_F(EvidenceTest, ALeftOutDocumentIsNoticed) {
  files_.erase("documents/0002-b.txt");
  manifest_.documents.pop_back();
  EXPECT_THAT(Refusal(), HasSubstr("was filed, but is not in the file"));
}

TEST_F(EvidenceTest, ADocumentThatWasNeverFiledIsNoticed) {
  ManifestDocument smuggled = manifest_.documents[0];
  smuggled.document.set_name("tenants/smi/dossiers/d/documents/3");
  manifest_.documents.push_back(smuggled);
  EXPECT_THAT(Refusal(), HasSubstr("does not say"));
}

TEST_F(EvidenceTest, AnotherKeyThanTheOneToBelieveIsNoticed) {
  const ledger::SigningKey other = *ledger::SigningKey::Generate();
  EXPECT_THAT(Refusal(ledger::VerifierKey("sockel/efile/smi", other.public_key()).ToString()),
              HasSubstr("not signed with"));
}

TEST_F(EvidenceTest, TheKeyRememberedFromVerifyingIsBelieved) {
  const ledger::SigningKey other = *ledger::SigningKey::Generate();
  ASSERT_TRUE(
      LogMemory(folder_.path())
          .Remember("sockel/efile/smi",
                    {ledger::VerifierKey("sockel/efile/smi", other.public_key()).ToString(), ""})
          .ok());
  EXPECT_THAT(Refusal(), HasSubstr("not signed with"));
}

TEST_F(EvidenceTest, WhatIsNoEvidenceFileIsRefused) {
  EXPECT_TRUE(absl::IsNotFound(CheckEvidence(folder_ / "absent.zip", "", store_).status()));
  ASSERT_TRUE(WritePrivateFile(folder_ / "text.zip", "no archive").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckEvidence(folder_ / "text.zip", "", store_).status()));
}

}  // namespace
}  // namespace sockel::cli
