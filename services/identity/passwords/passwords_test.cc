#include <gtest/gtest.h>

#include <string>

#include "common/error/error.h"
#include "services/identity/passwords/password_hasher.h"
#include "services/identity/passwords/password_policy.h"

namespace sockel::identity {
namespace {

constexpr HashingOptions kCheap = {.memory_kib = 64, .passes = 1};

TEST(PasswordPolicyTest, TakesLongUncommonOnesWithoutRulesOfComposition) {
  for (const char* password : {"der gruene Esel lacht", "nur kleine buchstaben",
                               "Überraschung am Gartenzaun", "7K8$jjP!qd,M"}) {
    EXPECT_TRUE(CheckNewPassword(password, "erika").ok()) << password;
  }
}

TEST(PasswordPolicyTest, CountsCharactersAfterComposition) {
  // Twelve code points as typed, eleven composed: "a" + combining diaeresis.
  EXPECT_FALSE(CheckNewPassword("a\u0308bgkTqwpzv4", "erika").ok());
  auto composed = CheckNewPassword("a\u0308bgkTqwpzv4x", "erika");
  ASSERT_TRUE(composed.ok());
  EXPECT_EQ(*composed, "\u00e4bgkTqwpzv4x");
}

TEST(PasswordPolicyTest, RefusesTooShortAndTooLong) {
  EXPECT_EQ(error::ReasonOf(CheckNewPassword("kurzundgut!", "erika").status()), "FIELD_INVALID");
  EXPECT_EQ(error::ReasonOf(CheckNewPassword(std::string(257, 'x'), "erika").status()),
            "FIELD_INVALID");
}

TEST(PasswordPolicyTest, RefusesWhatIsGuessedFirst) {
  for (const char* password :
       {"passwortpasswort", "Passwort2024!!!", "P4$$w0rd!!!!", "aaaaaaaaaaaa", "abcabcabcabc",
        "123456789012", "abcdefghijkl", "qwertzuiopasd", "1q2w3e4r5t6z", "SommerBerlin2025",
        "erikaerikaerika", "!!!erika1234", "correcthorsebatterystaple"}) {
    EXPECT_EQ(error::ReasonOf(CheckNewPassword(password, "erika").status()), "PASSWORD_COMMON")
        << password;
  }
}

TEST(PasswordHasherTest, VerifiesItsOwnHashes) {
  auto hasher = PasswordHasher::Create(kCheap);
  ASSERT_TRUE(hasher.ok()) << hasher.status();
  auto hash = (*hasher)->Hash("der gruene Esel");
  ASSERT_TRUE(hash.ok());
  EXPECT_EQ(hash->rfind("$argon2id$v=19$m=64,t=1,p=1$", 0), 0u) << *hash;
  EXPECT_TRUE((*hasher)->Verify(*hash, "der gruene Esel"));
  EXPECT_FALSE((*hasher)->Verify(*hash, "der blaue Esel"));
}

TEST(PasswordHasherTest, NobodyHasTheDummyPassword) {
  auto hasher = PasswordHasher::Create(kCheap);
  ASSERT_TRUE(hasher.ok());
  EXPECT_FALSE((*hasher)->Verify("", "nobody has this password"));
}

TEST(PasswordHasherTest, NoticesOldParameters) {
  auto old = PasswordHasher::Create(kCheap);
  HashingOptions stronger = kCheap;
  stronger.passes = 2;
  auto now = PasswordHasher::Create(stronger);
  ASSERT_TRUE(old.ok() && now.ok());
  auto hash = (*old)->Hash("der gruene Esel");
  ASSERT_TRUE(hash.ok());
  EXPECT_TRUE((*now)->NeedsRehash(*hash));
  EXPECT_FALSE((*old)->NeedsRehash(*hash));
  EXPECT_TRUE((*now)->Verify(*hash, "der gruene Esel"));
}

}  // namespace
}  // namespace sockel::identity
