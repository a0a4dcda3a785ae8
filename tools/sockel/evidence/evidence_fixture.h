#pragma once

#include <google/protobuf/timestamp.pb.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/clock/timestamp.h"
#include "common/ids/ids.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/merkle.h"
#include "tools/sockel/audit/log_memory.h"
#include "tools/sockel/evidence/check.h"
#include "tools/sockel/evidence/zip_file.h"
#include "tools/sockel/render.h"
#include "tools/sockel/testing_folder.h"
#include "tools/sockel/transfer/hash.h"

namespace sockel::cli {

inline std::string Sha(const std::string& text) {
  Sha256 hash;
  hash.Add(text);
  return hash.Finish();
}

inline google::protobuf::Timestamp At(std::int64_t seconds) {
  return ToTimestamp(absl::FromUnixSeconds(1'767'600'000 + seconds) + absl::Microseconds(123'456));
}

inline constexpr char kOrigin[] = "sockel/efile/smi";
inline constexpr char kDossier[] = "tenants/smi/dossiers/d";
inline constexpr char kCreator[] = "tenants/smi/users/erika";

// A closed dossier with two documents and the log that recorded them.
class EvidenceTest : public ::testing::Test {
 protected:
  EvidenceTest() {
    efile::v1::Dossier& dossier = manifest_.dossier;
    dossier.set_name(kDossier);
    dossier.set_reference("413-1/17/2026");
    dossier.set_creator(kCreator);
    *dossier.mutable_create_time() = At(0);
    Record("efile.dossiers.create", kDossier, At(0), {{"reference", "413-1/17/2026"}});
    File("1", "first", "documents/0001-a.txt");
    File("2", "second", "documents/0002-b.txt");
    Close();
  }

  void Record(const std::string& action, const std::string& resource,
              const google::protobuf::Timestamp& time,
              const std::map<std::string, std::string>& details = {}) {
    audit::v1::AuditEntry entry;
    entry.set_tenant("tenants/smi");
    entry.set_action(action);
    entry.set_resource(resource);
    entry.set_actor(kCreator);
    *entry.mutable_time() = time;
    entry.mutable_details()->insert(details.begin(), details.end());
    leaves_.push_back(entry.SerializeAsString());
  }

  void File(const std::string& id, const std::string& content, const std::string& file) {
    ManifestDocument entry;
    entry.file = file;
    entry.document.set_name(std::string(kDossier) + "/documents/" + id);
    entry.document.set_creator(kCreator);
    *entry.document.mutable_create_time() = At(1);
    entry.document.mutable_content()->set_sha256(Sha(content));
    entry.document.mutable_content()->set_size(static_cast<std::int64_t>(content.size()));
    Record("efile.documents.create", entry.document.name(), At(1),
           {{"sha256", ids::ToHex(Sha(content))}, {"size", std::to_string(content.size())}});
    manifest_.documents.push_back(entry);
    files_[file] = content;
  }

  void Close() {
    manifest_.dossier.set_state(efile::v1::Dossier::CLOSED);
    *manifest_.dossier.mutable_close_time() = At(2);
    Record("efile.dossiers.close", kDossier, At(2), {{"documents", "2"}});
  }

  // As the service shows it, and as an attacker who hides it would.
  void Reopen() {
    manifest_.dossier.set_state(efile::v1::Dossier::OPEN);
    manifest_.dossier.clear_close_time();
    withheld_.insert(3);
  }

  // Everything about the second document is taken out of the file.
  void LeaveOutSecondDocument() {
    files_.erase("documents/0002-b.txt");
    manifest_.documents.pop_back();
    withheld_.insert(2);
  }

  static std::string Verifier(const ledger::SigningKey& key, const std::string& origin = kOrigin) {
    return ledger::VerifierKey(origin, key.public_key()).ToString();
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
        ledger::SignCheckpoint({origin_, frontier.size(), frontier.Root()}, key));
    bundle.mutable_checkpoint()->set_verifier_key(Verifier(key, origin_));
    for (std::int64_t i = 0; i < frontier.size(); ++i) {
      if (withheld_.count(i) != 0) continue;
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

  void Write() const {
    std::filesystem::remove(path_);
    absl::StatusOr<ZipWriter> zip = ZipWriter::Create(path_);
    EXPECT_TRUE(zip->AddText(kReadmeName, "how to check it").ok());
    EXPECT_TRUE(zip->AddText(kManifestName, ToJson(manifest_)).ok());
    EXPECT_TRUE(zip->AddText(kAuditName, RenderJson(Bundle(key_))).ok());
    for (const auto& [name, content] : files_) EXPECT_TRUE(zip->AddText(name, content).ok());
    EXPECT_TRUE(zip->Finish().ok());
  }

  absl::StatusOr<EvidenceVerdict> Check(const KeyChoice& choice) {
    Write();
    return CheckEvidence(path_, choice, LogMemory(folder_.path()));
  }
  absl::StatusOr<EvidenceVerdict> Check() { return Check({.verifier_key = Verifier(key_)}); }

  std::string Refusal(const KeyChoice& choice) {
    const absl::Status status = Check(choice).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    return std::string(status.message());
  }
  std::string Refusal() { return Refusal({.verifier_key = Verifier(key_)}); }

  void Remember(const ledger::SigningKey& key) {
    ASSERT_TRUE(LogMemory(folder_.path())
                    .Remember({kOrigin, "efile.example:443"}, {Verifier(key), "note"})
                    .ok());
  }

  TestingFolder folder_;
  const std::filesystem::path path_ = folder_ / "dossier.zip";
  ledger::SigningKey key_ = *ledger::SigningKey::Generate();
  std::string origin_ = kOrigin;
  Manifest manifest_;
  std::vector<std::string> leaves_;
  std::set<std::int64_t> withheld_;
  std::map<std::string, std::string> files_;
};

}  // namespace sockel::cli
