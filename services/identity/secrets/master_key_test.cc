#include "services/identity/secrets/master_key.h"

#include <gtest/gtest.h>

#include "common/ids/ids.h"

namespace sockel::identity {
namespace {

TEST(MasterKeyTest, ReadsHexAndBase64) {
  const std::string bytes = ids::RandomBytes(32);
  auto hex = MasterKey::FromFileContent(ids::ToHex(bytes));
  auto base64 = MasterKey::FromFileContent(ids::ToBase64(bytes));
  ASSERT_TRUE(hex.ok());
  ASSERT_TRUE(base64.ok());
  EXPECT_EQ(hex->Derive(KeyPurpose::kSigningKeys), base64->Derive(KeyPurpose::kSigningKeys));
}

TEST(MasterKeyTest, RefusesShortKeys) {
  EXPECT_FALSE(MasterKey::FromFileContent("").ok());
  EXPECT_FALSE(MasterKey::FromFileContent("correct horse").ok());
  EXPECT_FALSE(MasterKey::FromFileContent(ids::ToHex(ids::RandomBytes(16))).ok());
}

TEST(MasterKeyTest, PurposesHaveDifferentKeys) {
  auto key = MasterKey::FromFileContent(ids::ToHex(ids::RandomBytes(32)));
  ASSERT_TRUE(key.ok());
  EXPECT_NE(key->Derive(KeyPurpose::kSigningKeys), key->Derive(KeyPurpose::kRefreshTokens));
}

TEST(VaultTest, OpensWhatItSealed) {
  const Vault vault(ids::RandomBytes(32));
  auto sealed = vault.Seal("secret", "row 1");
  ASSERT_TRUE(sealed.ok());
  EXPECT_EQ(sealed->find("secret"), std::string::npos);
  auto opened = vault.Open(*sealed, "row 1");
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(*opened, "secret");
}

TEST(VaultTest, RefusesAnotherContextAnotherKeyAndTampering) {
  const Vault vault(ids::RandomBytes(32));
  std::string sealed = *vault.Seal("secret", "row 1");
  EXPECT_FALSE(vault.Open(sealed, "row 2").ok());
  EXPECT_FALSE(Vault(ids::RandomBytes(32)).Open(sealed, "row 1").ok());
  EXPECT_FALSE(vault.Open("short", "row 1").ok());
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string tampered = sealed;
    tampered[i] = static_cast<char>(tampered[i] ^ 1);
    EXPECT_FALSE(vault.Open(tampered, "row 1").ok()) << i;
  }
}

}  // namespace
}  // namespace sockel::identity
