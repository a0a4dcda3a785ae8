#include "tools/sockel/audit/log_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tools/sockel/testing_folder.h"

namespace sockel::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class LogMemoryTest : public ::testing::Test {
 protected:
  TestingFolder folder_;
  LogMemory memory_{folder_.path()};
  const LogMemory::Log test_{"sockel/efile/smi", "test.example:443"};
  const LogMemory::Log production_{"sockel/efile/smi", "efile.example:443"};
};

TEST_F(LogMemoryTest, KnowsWhatItWasTold) {
  EXPECT_FALSE(memory_.Recall(test_)->has_value());
  ASSERT_TRUE(memory_.Remember(test_, {"key", "note"}).ok());
  const auto known = memory_.Recall(test_);
  ASSERT_TRUE(known.ok() && known->has_value()) << known.status();
  EXPECT_EQ((*known)->verifier_key, "key");
  EXPECT_EQ((*known)->note, "note");
}

TEST_F(LogMemoryTest, LogsOfTheSameNameAtTwoInstallationsAreTwo) {
  ASSERT_TRUE(memory_.Remember(test_, {"key of tests", "note"}).ok());
  EXPECT_FALSE(memory_.Recall(production_)->has_value());
  ASSERT_TRUE(memory_.Remember(production_, {"key in use", "note"}).ok());
  EXPECT_EQ((*memory_.Recall(test_))->verifier_key, "key of tests");
}

TEST_F(LogMemoryTest, AFilesKeyIsLookedForAtAllAddresses) {
  EXPECT_THAT(memory_.Keys("sockel/efile/smi"), IsEmpty());
  ASSERT_TRUE(memory_.Remember(test_, {"key of tests", "note"}).ok());
  ASSERT_TRUE(memory_.Remember(production_, {"key in use", "note"}).ok());
  ASSERT_TRUE(memory_.Remember({"sockel/efile/sms", "a"}, {"another's", "note"}).ok());
  EXPECT_THAT(memory_.Keys("sockel/efile/smi"), UnorderedElementsAre("key of tests", "key in use"));
}

TEST_F(LogMemoryTest, WhatIsForgottenIsNotKnown) {
  ASSERT_TRUE(memory_.Remember(test_, {"key", "note"}).ok());
  ASSERT_TRUE(memory_.Remember(production_, {"key", "note"}).ok());
  EXPECT_TRUE(memory_.Forget(test_).ok());
  EXPECT_FALSE(memory_.Recall(test_)->has_value());
  EXPECT_TRUE(memory_.Recall(production_)->has_value());
  EXPECT_TRUE(absl::IsNotFound(memory_.Forget(test_)));
}

TEST_F(LogMemoryTest, ADamagedFileIsNamedAndNotTakenForNothing) {
  ASSERT_TRUE(memory_.Remember(test_, {"key", "note"}).ok());
  for (const char* text : {"", "{", "[]", R"({"verifier_key": 7, "note": "note"})"}) {
    std::ofstream(memory_.PathOf(test_)) << text;
    const absl::Status status = memory_.Recall(test_).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << text << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("sockel_efile_smi"));
    EXPECT_THAT(memory_.Keys("sockel/efile/smi"), IsEmpty());
  }
}

}  // namespace
}  // namespace sockel::cli
