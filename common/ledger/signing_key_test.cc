#include "common/ledger/signing_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

namespace sockel::ledger {
namespace {

class SigningKeyTest : public ::testing::Test {
 protected:
  SigningKeyTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "signing_key_XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~SigningKeyTest() override { std::filesystem::remove_all(folder_); }
  std::string Path() const { return folder_ / "ledger.pem"; }

  std::filesystem::path folder_;
};

TEST_F(SigningKeyTest, MakesAFileThatOnlyItsOwnerReads) {
  ASSERT_TRUE(SigningKey::LoadOrCreate(Path()).ok());
  struct stat info {};
  ASSERT_EQ(stat(Path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(SigningKeyTest, TheSameFileGivesTheSameKey) {
  const std::string first = SigningKey::LoadOrCreate(Path())->public_key();
  EXPECT_EQ(SigningKey::LoadOrCreate(Path())->public_key(), first);
  EXPECT_EQ(SigningKey::Load(Path())->public_key(), first);
}

TEST_F(SigningKeyTest, ManyAtOnceAgreeOnOneKey) {
  std::vector<std::string> keys(8);
  std::vector<std::thread> threads;
  for (std::string& key : keys) {
    threads.emplace_back([&] { key = SigningKey::LoadOrCreate(Path())->public_key(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 1U);
}

TEST_F(SigningKeyTest, AMissingFileIsNamed) {
  const absl::Status status = SigningKey::Load(Path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.ToString().find(Path()), std::string::npos);
}

TEST_F(SigningKeyTest, AFileWithoutAKeyIsRefused) {
  std::ofstream(Path()) << "no key\n";
  EXPECT_EQ(SigningKey::LoadOrCreate(Path()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(SigningKeyTest, AForgedMessageDoesNotVerify) {
  const SigningKey key = *SigningKey::Generate();
  const std::string signature = key.Sign("message");
  EXPECT_TRUE(VerifyEd25519(key.public_key(), "message", signature));
  EXPECT_FALSE(VerifyEd25519(key.public_key(), "massage", signature));
  EXPECT_FALSE(VerifyEd25519(key.public_key(), "message", "short"));
  EXPECT_FALSE(VerifyEd25519("short", "message", signature));
}

}  // namespace
}  // namespace sockel::ledger
