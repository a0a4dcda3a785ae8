#include "services/efile/uploads/hash_states.h"

#include <gtest/gtest.h>

namespace sockel::efile {
namespace {

Sha256 HashOf(const std::string& bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash;
}

TEST(HashStatesTest, GoOnWhereTheyWereLeft) {
  HashStates states;
  states.Put("a", 2, HashOf("ab"));
  auto hash = states.Take("a", 2);
  ASSERT_TRUE(hash.has_value());
  hash->Update("c");
  EXPECT_EQ(hash->Finish(), Sha256Of("abc"));
  EXPECT_FALSE(states.Take("a", 2).has_value());
}

TEST(HashStatesTest, AreOfNoUseForMoreOrFewerBytes) {
  HashStates states;
  states.Put("a", 2, HashOf("ab"));
  EXPECT_FALSE(states.Take("a", 1).has_value());
}

TEST(HashStatesTest, AreOfNoUseForWhatAnotherStreamReceived) {
  HashStates states;
  states.Put("a", 2, HashOf("ab"));
  EXPECT_FALSE(states.Take("b", 2).has_value());
  EXPECT_TRUE(states.Take("a", 2).has_value());
}

TEST(HashStatesTest, KeepOnlyTheNewest) {
  HashStates states;
  for (int i = 0; i < 1000; ++i) states.Put(std::to_string(i), i, HashOf(""));
  EXPECT_FALSE(states.Take("0", 0).has_value());
  EXPECT_TRUE(states.Take("999", 999).has_value());
}

}  // namespace
}  // namespace sockel::efile
