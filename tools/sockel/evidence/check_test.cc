#include "tools/sockel/evidence/check.h"

#include <gmock/gmock.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "tools/sockel/evidence/evidence_fixture.h"
#include "tools/sockel/evidence/report.h"
#include "tools/sockel/profile.h"

namespace sockel::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(EvidenceTest, AnHonestFileIsAccepted) {
  const auto verdict = Check();
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->entries, 4);
  EXPECT_EQ(verdict->manifest.documents.size(), 2U);
  EXPECT_TRUE(verdict->complete);
  EXPECT_TRUE(verdict->log.KeyConfirmed());
}

TEST_F(EvidenceTest, ReadingsAreEntriesLikeOthers) {
  Record("efile.documents.download", manifest_.documents[0].document.name(), At(3));
  Record("efile.dossiers.update", kDossier, At(3));
  EXPECT_TRUE(Check().ok()) << Check().status();
}

TEST_F(EvidenceTest, AChangedDocumentIsNoticed) {
  files_["documents/0001-a.txt"] = "FIRST";
  EXPECT_THAT(Refusal(), HasSubstr("documents/0001-a.txt is not what was filed"));
}

TEST_F(EvidenceTest, ALongerOrShorterDocumentIsNoticed) {
  for (const char* content : {"first and more", "firs", ""}) {
    files_["documents/0001-a.txt"] = content;
    EXPECT_THAT(Refusal(), HasSubstr("documents/0001-a.txt is not what was filed"));
  }
}

TEST_F(EvidenceTest, AMissingDocumentIsNoticed) {
  files_.erase("documents/0002-b.txt");
  EXPECT_THAT(Refusal(), HasSubstr("documents/0002-b.txt is missing"));
}

TEST_F(EvidenceTest, ADocumentLeftOutOfTheManifestIsNoticed) {
  files_.erase("documents/0002-b.txt");
  manifest_.documents.pop_back();
  EXPECT_THAT(Refusal(), HasSubstr("documents/2 is in the log, but not in the file"));
}

TEST_F(EvidenceTest, ADocumentLeftOutOfEverythingIsNoticedBecauseTheLogCountedThem) {
  LeaveOutSecondDocument();
  EXPECT_THAT(Refusal(), HasSubstr("2 documents were in the dossier when it was closed"));
}

TEST_F(EvidenceTest, ADocumentOfWhichOnlyAReadingIsToldIsMissed) {
  Record("efile.documents.download", manifest_.documents[1].document.name(), At(3));
  LeaveOutSecondDocument();
  Reopen();
  EXPECT_THAT(Refusal(), HasSubstr("documents/2 is in the log, but not in the file"));
}

// Without the entry about closing nobody can tell; so nobody is told otherwise.
TEST_F(EvidenceTest, OfAnOpenDossierItIsNotSaidThatNothingIsMissing) {
  LeaveOutSecondDocument();
  Reopen();
  const auto verdict = Check();
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_FALSE(verdict->complete);
  const auto tree = nlohmann::json::parse(EvidenceJson(*verdict));
  EXPECT_EQ(tree["complete"], false);
  EXPECT_THAT(tree["not_proven"].dump(), HasSubstr("\"documents.number\""));
  EXPECT_THAT(tree["not_proven"].dump(), HasSubstr("\"dossier.state\""));
  EXPECT_THAT(EvidenceText(*verdict), HasSubstr("Not proven:"));
}

TEST_F(EvidenceTest, AnEmptyFileIsNoEvidence) {
  files_.clear();
  manifest_.documents.clear();
  withheld_ = {0, 1, 2, 3};
  EXPECT_THAT(Refusal(), HasSubstr("does not say that tenants/smi/dossiers/d was opened"));
}

TEST_F(EvidenceTest, AnotherDossiersDocumentsAreNoticed) {
  manifest_.dossier.set_name("tenants/smi/dossiers/another");
  EXPECT_THAT(Refusal(), HasSubstr("is not about tenants/smi/dossiers/another"));
}

TEST_F(EvidenceTest, ADossierOfAnotherTenantIsNoticed) {
  manifest_.dossier.set_name("tenants/sms/dossiers/d");
  EXPECT_THAT(Refusal(), HasSubstr("is not that of the dossier"));
}

TEST_F(EvidenceTest, TheLogOfAnotherServiceIsNoticed) {
  origin_ = "sockel/catalog/smi";
  EXPECT_THAT(Refusal({.verifier_key = Verifier(key_, origin_)}),
              HasSubstr("sockel/catalog/smi is not that of the dossier"));
}

TEST_F(EvidenceTest, ADocumentThatWasNeverFiledIsNoticed) {
  ManifestDocument smuggled = manifest_.documents[0];
  smuggled.document.set_name("tenants/smi/dossiers/d/documents/3");
  smuggled.file = "documents/0003-a.txt";
  manifest_.documents.push_back(smuggled);
  files_[smuggled.file] = "first";
  EXPECT_THAT(Refusal(), HasSubstr("does not say"));
}

TEST_F(EvidenceTest, WhatTheLogSaysOtherwiseIsNoticed) {
  const Manifest honest = manifest_;
  const auto refused = [&](const std::function<void(Manifest&)>& change) {
    manifest_ = honest;
    change(manifest_);
    return Refusal();
  };
  EXPECT_THAT(refused([](Manifest& m) { m.dossier.set_reference("413-1/18/2026"); }),
              HasSubstr("reference"));
  EXPECT_THAT(refused([](Manifest& m) { m.dossier.set_creator("x"); }), HasSubstr("creator"));
  EXPECT_THAT(refused([](Manifest& m) { *m.dossier.mutable_create_time() = At(5); }),
              HasSubstr("create_time"));
  EXPECT_THAT(refused([](Manifest& m) { *m.dossier.mutable_close_time() = At(5); }),
              HasSubstr("close_time"));
  EXPECT_THAT(refused([](Manifest& m) {
                m.dossier.set_state(efile::v1::Dossier::OPEN);
                m.dossier.clear_close_time();
              }),
              HasSubstr("state"));
  EXPECT_THAT(refused([](Manifest& m) { m.documents[0].document.set_creator("x"); }),
              HasSubstr("creator"));
  EXPECT_THAT(refused([](Manifest& m) { *m.documents[0].document.mutable_create_time() = At(5); }),
              HasSubstr("create_time"));
  EXPECT_THAT(refused([](Manifest& m) { m.documents[0].document.mutable_content()->set_size(9); }),
              HasSubstr("size"));
}

TEST_F(EvidenceTest, ADossierIsNotClosedBeforeItsNewestDocument) {
  audit::v1::AuditEntry filed;
  ASSERT_TRUE(filed.ParseFromString(leaves_[2]));
  *filed.mutable_time() = At(4);
  leaves_[2] = filed.SerializeAsString();
  *manifest_.documents[1].document.mutable_create_time() = At(4);
  EXPECT_THAT(Refusal(), HasSubstr("close_time"));
  *manifest_.dossier.mutable_close_time() = At(4);
  const auto verdict = Check();
  EXPECT_TRUE(verdict.ok()) << verdict.status();
}

TEST_F(EvidenceTest, ASurplusMemberIsNoticed) {
  files_["documents/0007-contract.pdf"] = "never filed";
  EXPECT_THAT(Refusal(), HasSubstr("documents/0007-contract.pdf does not belong into the file"));
}

// The check would look at one of them, and who unpacks the file see the other.
TEST_F(EvidenceTest, TwoMembersOfOneNameAreNoticed) {
  files_["documents/0001-A.txt"] = "forged";
  Write();
  std::string bytes = *ReadFile(path_);
  const std::string decoy = "documents/0001-A.txt";
  for (std::size_t at = bytes.find(decoy); at != std::string::npos; at = bytes.find(decoy)) {
    bytes.replace(at, decoy.size(), "documents/0001-a.txt");
  }
  ASSERT_TRUE(WritePrivateFile(path_, bytes).ok());
  const absl::Status status =
      CheckEvidence(path_, {.verifier_key = Verifier(key_)}, LogMemory(folder_.path())).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(status.ToString(), HasSubstr("two members of one name"));
}

TEST_F(EvidenceTest, APlaceOutsideOfTheFolderIsNoticed) {
  for (const char* file : {"documents/../../a.txt", "/etc/a.txt", "documents/.bashrc", "a.txt",
                           "documents/", "manifest.json"}) {
    const std::string before = manifest_.documents[0].file;
    manifest_.documents[0].file = file;
    EXPECT_THAT(Refusal(), HasSubstr("no document has its place")) << file;
    manifest_.documents[0].file = before;
  }
}

TEST_F(EvidenceTest, AnotherKeyThanTheOneToBelieveIsNoticed) {
  const ledger::SigningKey other = *ledger::SigningKey::Generate();
  EXPECT_THAT(Refusal({.verifier_key = Verifier(other)}), HasSubstr("not signed with"));
}

// Anybody can make a key and sign anything with it.
TEST_F(EvidenceTest, TheFilesOwnKeyIsNotBelievedUnlessAskedFor) {
  EXPECT_THAT(Refusal(KeyChoice{}), HasSubstr("--trust-file-key"));
  const auto verdict = Check({.trust_file_key = true});
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_FALSE(verdict->log.KeyConfirmed());
  const auto tree = nlohmann::json::parse(EvidenceJson(*verdict));
  EXPECT_EQ(tree["key_confirmed"], false);
  EXPECT_EQ(tree["key_source"], "file");
  EXPECT_THAT(tree["not_proven"].dump(), HasSubstr("\"log.verifier_key\""));
  EXPECT_THAT(EvidenceText(*verdict), HasSubstr("ONLY IF THE KEY IS THE LOG'S"));
}

TEST_F(EvidenceTest, TheKeyRememberedFromVerifyingIsBelieved) {
  Remember(key_);
  const auto verdict = Check(KeyChoice{});
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->log.key_source, KeySource::kRemembered);
}

TEST_F(EvidenceTest, AnotherKeyThanTheOneRememberedIsNoticedWhateverIsTrusted) {
  Remember(*ledger::SigningKey::Generate());
  EXPECT_THAT(Refusal(KeyChoice{}), HasSubstr("not signed with the key remembered"));
  EXPECT_THAT(Refusal({.trust_file_key = true}), HasSubstr("not signed with the key remembered"));
  EXPECT_TRUE(Check().ok()) << "a key given by hand goes before";
}

TEST_F(EvidenceTest, TheVerdictSaysWhatIsProvenAndWhatIsNot) {
  const auto verdict = Check();
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  const auto tree = nlohmann::json::parse(EvidenceJson(*verdict));
  for (const char* field :
       {"\"documents.content\"", "\"documents.number\"", "\"dossier.reference\""}) {
    EXPECT_THAT(tree["proven"].dump(), HasSubstr(field));
    EXPECT_THAT(tree["not_proven"].dump(), Not(HasSubstr(field)));
  }
  for (const char* field : {"documents.subject", "documents.sender", "documents.file_name"}) {
    EXPECT_THAT(tree["not_proven"].dump(), HasSubstr(field));
    EXPECT_THAT(tree["proven"].dump(), Not(HasSubstr(field)));
  }
}

TEST_F(EvidenceTest, WhatIsNoEvidenceFileIsRefused) {
  const LogMemory memory(folder_.path());
  EXPECT_TRUE(absl::IsNotFound(CheckEvidence(folder_ / "absent.zip", {}, memory).status()));
  ASSERT_TRUE(WritePrivateFile(folder_ / "text.zip", "no archive").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckEvidence(folder_ / "text.zip", {}, memory).status()));
}

}  // namespace
}  // namespace sockel::cli
