#include "common/ledger/signing_key.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/ids/ids.h"

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

// The example of RFC 8410, section 10.
TEST_F(SigningKeyTest, ReadsAPrivateKeyInPem) {
  std::ofstream(Path()) << "-----BEGIN PRIVATE KEY-----\n"
                           "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                           "-----END PRIVATE KEY-----\n";
  const absl::StatusOr<SigningKey> key = SigningKey::Load(Path());
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(ids::ToHex(key->public_key()),
            "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
}

TEST_F(SigningKeyTest, AMissingFileIsNamed) {
  const absl::Status status = SigningKey::Load(Path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.ToString().find(Path()), std::string::npos);
}

TEST_F(SigningKeyTest, AFileWithoutAKeyIsRefused) {
  std::ofstream(Path()) << "no key\n";
  EXPECT_EQ(SigningKey::Load(Path()).status().code(), absl::StatusCode::kInvalidArgument);
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
