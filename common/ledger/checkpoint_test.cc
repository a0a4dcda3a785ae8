#include "common/ledger/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/ids/ids.h"

namespace sockel::ledger {
namespace {

using ::testing::HasSubstr;

class CheckpointTest : public ::testing::Test {
 protected:
  SigningKey key_ = *SigningKey::Generate();
  CheckpointBody body_{"sockel/efile/smi", 42, LeafHash("root")};
  VerifierKey verifier_{"sockel/efile/smi", key_.public_key()};
};

TEST(VerifierKeyTest, ReadsTheExampleOfTheSpecification) {
  // golang.org/x/mod/sumdb/note, from which C2SP signed-note was taken.
  constexpr char kText[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const absl::StatusOr<VerifierKey> key = VerifierKey::Parse(kText);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->name(), "PeterNeumann");
  EXPECT_EQ(key->ToString(), kText);
}

TEST(VerifierKeyTest, VerifiesTheSignatureOfTheSpecification) {
  const VerifierKey key =
      *VerifierKey::Parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  constexpr char kText[] =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n";
  const std::string signature = *ids::FromBase64(
      "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb"
      "6KE6RyyBwJnAM=");
  EXPECT_EQ(signature.substr(0, 4), key.id());
  EXPECT_TRUE(VerifyEd25519(key.public_key(), kText, signature.substr(4)));
}

TEST(VerifierKeyTest, RefusesWhatIsNoKey) {
  for (const char* text :
       {"", "name", "name+00000000", "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq"}) {
    EXPECT_FALSE(VerifierKey::Parse(text).ok()) << text;
  }
}

TEST_F(CheckpointTest, WhatWasSignedIsReadBack) {
  const absl::StatusOr<CheckpointBody> read =
      OpenCheckpoint(SignCheckpoint(body_, key_), verifier_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, body_);
}

TEST_F(CheckpointTest, TheNoteHasTheFormOfTheSpecification) {
  const std::string note = SignCheckpoint(body_, key_);
  EXPECT_EQ(note.substr(0, note.find("\n\n") + 2),
            absl::StrCat("sockel/efile/smi\n42\n", ids::ToBase64(ToBytes(body_.root)), "\n\n"));
  EXPECT_THAT(note, HasSubstr("\n\u2014 sockel/efile/smi "));
  EXPECT_EQ(note.back(), '\n');
}

TEST_F(CheckpointTest, AChangedSizeIsNoticed) {
  const std::string note = absl::StrReplaceAll(SignCheckpoint(body_, key_), {{"\n42\n", "\n43\n"}});
  EXPECT_EQ(OpenCheckpoint(note, verifier_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(CheckpointTest, AnotherKeyIsNotBelieved) {
  const SigningKey other = *SigningKey::Generate();
  EXPECT_FALSE(OpenCheckpoint(SignCheckpoint(body_, other), verifier_).ok());
}

TEST_F(CheckpointTest, AnotherTenantsKeyIsNotBelieved) {
  const VerifierKey other("sockel/efile/sms", key_.public_key());
  EXPECT_FALSE(OpenCheckpoint(SignCheckpoint(body_, key_), other).ok());
}

TEST_F(CheckpointTest, SignaturesOfWitnessesAreLeftAlone) {
  std::string note = SignCheckpoint(body_, key_);
  absl::StrAppend(&note, "\u2014 witness.example/w1 ", ids::ToBase64(std::string(76, 'w')), "\n");
  EXPECT_TRUE(OpenCheckpoint(note, verifier_).ok());
}

TEST_F(CheckpointTest, MalformedNotesAreRefused) {
  const std::string good = SignCheckpoint(body_, key_);
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(OpenCheckpoint(good.substr(0, length), verifier_).ok()) << length;
  }
}

}  // namespace
}  // namespace sockel::ledger
