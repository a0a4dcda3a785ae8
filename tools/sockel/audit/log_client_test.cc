#include "tools/sockel/audit/log_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kOrigin[] = "sockel/efile/smi";

// What is believed of a log, without any service.
class LogClientTest : public ::testing::Test {
 protected:
  LogClientTest() { unsetenv("SOCKEL_EFILE"); }

  static std::string Verifier(const ledger::SigningKey& key) {
    return ledger::VerifierKey(kOrigin, key.public_key()).ToString();
  }

  // The log of one entry, as the service shows it.
  static audit::v1::Checkpoint Shown(const ledger::SigningKey& key) {
    audit::v1::Checkpoint checkpoint;
    checkpoint.set_note(ledger::SignCheckpoint({kOrigin, 1, ledger::LeafHash("entry")}, key));
    checkpoint.set_verifier_key(Verifier(key));
    return checkpoint;
  }

  // As if the log had been verified, at the address the profile has.
  void Remember(const ledger::SigningKey& key) {
    const std::string address = session_.profile()->Endpoint("efile");
    ASSERT_TRUE(LogMemory(folder_.path())
                    .Remember({kOrigin, address}, {Verifier(key), Shown(key).note()})
                    .ok());
  }

  LogClient Log(const std::string& verifier_key = "") {
    return {session_, "efile", "tenants/smi", verifier_key};
  }

  void WorkAt(const std::string& address) {
    Profile profile = *session_.profile();
    profile.endpoints["efile"] = address;
    ASSERT_TRUE(session_.SaveProfile(profile).ok());
  }

  TestingFolder folder_;
  Globals globals_{.profile = "test"};
  Session session_{ProfileStore(folder_.path()), globals_};
  ledger::SigningKey key_ = *ledger::SigningKey::Generate();
  ledger::SigningKey other_ = *ledger::SigningKey::Generate();
};

TEST_F(LogClientTest, TheKeySeenFirstIsTakenAndSaidToBeUnconfirmed) {
  const auto trust = Log().TrustFor(Shown(key_));
  ASSERT_TRUE(trust.ok()) << trust.status();
  EXPECT_FALSE(trust->confirmed);
  EXPECT_FALSE(trust->earlier.has_value());
}

TEST_F(LogClientTest, WhatWasVerifiedBeforeIsComparedWith) {
  Remember(key_);
  const auto trust = Log().TrustFor(Shown(key_));
  ASSERT_TRUE(trust.ok()) << trust.status();
  EXPECT_TRUE(trust->confirmed);
  ASSERT_TRUE(trust->earlier.has_value());
  EXPECT_EQ(trust->earlier->size, 1);
}

TEST_F(LogClientTest, AnotherKeyIsRefusedAndTheWayOutIsTold) {
  Remember(key_);
  const absl::Status refused = Log().TrustFor(Shown(other_)).status();
  EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
  EXPECT_THAT(refused.ToString(), HasSubstr("--verifier-key"));
  EXPECT_THAT(refused.ToString(), HasSubstr("sockel audit forget efile"));
  EXPECT_THAT(refused.ToString(), HasSubstr((folder_ / "logs").string()));
}

TEST_F(LogClientTest, AnotherInstallationHasAnotherKeyWithoutAnAlarm) {
  Remember(key_);
  WorkAt("other.example:443");
  const auto trust = Log().TrustFor(Shown(other_));
  ASSERT_TRUE(trust.ok()) << trust.status();
  EXPECT_FALSE(trust->confirmed);
}

TEST_F(LogClientTest, ANewKeyGivenByHandSignsTheSameLog) {
  Remember(key_);
  const auto trust = Log(Verifier(other_)).TrustFor(Shown(other_));
  ASSERT_TRUE(trust.ok()) << trust.status();
  EXPECT_TRUE(trust->confirmed);
  ASSERT_TRUE(trust->earlier.has_value()) << "the history must still be compared";
}

TEST_F(LogClientTest, AKeyGivenByHandIsBelievedAndNoOther) {
  const absl::Status refused = Log(Verifier(key_)).TrustFor(Shown(other_)).status();
  EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
  EXPECT_THAT(refused.ToString(), Not(HasSubstr("forget")));
}

TEST_F(LogClientTest, AfterForgettingItBeginsAnew) {
  Remember(key_);
  ASSERT_TRUE(Log().Forget().ok());
  const auto trust = Log().TrustFor(Shown(other_));
  ASSERT_TRUE(trust.ok()) << trust.status();
  EXPECT_FALSE(trust->confirmed);
  EXPECT_TRUE(absl::IsNotFound(Log().Forget()));
}

}  // namespace
}  // namespace sockel::cli
