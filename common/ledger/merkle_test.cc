#include "common/ledger/merkle.h"

#include <gtest/gtest.h>

#include <map>

#include "common/ids/ids.h"

namespace sockel::ledger {
namespace {

std::string Hex(const Hash& hash) { return ids::ToHex(ToBytes(hash)); }

// Leaves and roots used by the implementations of RFC 6962 (certificate
// transparency) to check one another.
const std::vector<std::string>& KnownLeaves() {
  static const auto* leaves = [] {
    auto* result = new std::vector<std::string>;
    for (const char* hex : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                            "606162636465666768696a6b6c6d6e6f"}) {
      result->push_back(*ids::FromHex(hex));
    }
    return result;
  }();
  return *leaves;
}

constexpr const char* kKnownRoots[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

// A tree with all its nodes in memory, grown as the sequencer grows one.
class Tree {
 public:
  explicit Tree(std::int64_t size) {
    for (std::int64_t i = 0; i < size; ++i) Append("leaf " + std::to_string(i));
  }
  void Append(const std::string& leaf) {
    nodes_[{0, frontier_.size()}] = LeafHash(leaf);
    frontier_.Append(LeafHash(leaf), [&](NodeId id, const Hash& hash) { nodes_[id] = hash; });
    roots_.push_back(frontier_.Root());
  }
  std::vector<Hash> Resolve(const ProofPlan& plan) const {
    std::vector<Hash> proof;
    for (const auto& ids : plan) {
      std::vector<Hash> hashes;
      for (const NodeId& id : ids) hashes.push_back(nodes_.at(id));
      proof.push_back(FoldRange(hashes));
    }
    return proof;
  }
  const Hash& Root(std::int64_t size) const { return roots_[static_cast<std::size_t>(size - 1)]; }
  const Hash& Leaf(std::int64_t index) const { return nodes_.at({0, index}); }

 private:
  Frontier frontier_;
  std::map<NodeId, Hash> nodes_;
  std::vector<Hash> roots_;
};

// MTH of RFC 6962 word for word.
Hash PlainRoot(const std::vector<std::string>& leaves) {
  if (leaves.empty()) return EmptyRoot();
  if (leaves.size() == 1) return LeafHash(leaves[0]);
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(k);
  return NodeHash(PlainRoot({leaves.begin(), middle}), PlainRoot({middle, leaves.end()}));
}

TEST(MerkleTest, TheEmptyTreeHasTheHashOfNothing) {
  EXPECT_EQ(Hex(Frontier().Root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(MerkleTest, HashesTheKnownLeavesToTheKnownRoots) {
  Frontier frontier;
  for (std::size_t i = 0; i < KnownLeaves().size(); ++i) {
    frontier.Append(LeafHash(KnownLeaves()[i]));
    EXPECT_EQ(Hex(frontier.Root()), kKnownRoots[i]) << i + 1 << " leaves";
  }
}

TEST(MerkleTest, TheKnownInclusionProofComesOut) {
  Tree tree(0);
  for (const std::string& leaf : KnownLeaves()) tree.Append(leaf);
  std::vector<std::string> proof;
  for (const Hash& hash : tree.Resolve(InclusionPlan(0, 8))) proof.push_back(Hex(hash));
  EXPECT_EQ(proof, (std::vector<std::string>{
                       "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                       "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                       "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
}

TEST(MerkleTest, TheKnownConsistencyProofComesOut) {
  Tree tree(0);
  for (const std::string& leaf : KnownLeaves()) tree.Append(leaf);
  std::vector<std::string> proof;
  for (const Hash& hash : tree.Resolve(ConsistencyPlan(6, 8))) proof.push_back(Hex(hash));
  EXPECT_EQ(proof, (std::vector<std::string>{
                       "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                       "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
}

TEST(MerkleTest, GrowingGivesTheSameRootAsTheDefinition) {
  std::vector<std::string> leaves;
  Tree tree(130);
  for (std::int64_t size = 1; size <= 130; ++size) {
    leaves.push_back("leaf " + std::to_string(size - 1));
    ASSERT_EQ(PlainRoot(leaves), tree.Root(size)) << size;
  }
}

TEST(MerkleTest, ARestoredFrontierGoesOnGrowing) {
  for (std::int64_t size = 0; size <= 40; ++size) {
    Frontier grown;
    for (std::int64_t i = 0; i < size; ++i) grown.Append(LeafHash(std::to_string(i)));
    auto restored = Frontier::Restore(grown.size(), grown.hashes());
    ASSERT_TRUE(restored.has_value());
    grown.Append(LeafHash("next"));
    restored->Append(LeafHash("next"));
    EXPECT_EQ(grown.Root(), restored->Root());
  }
}

TEST(MerkleTest, AFrontierWithTheWrongNumberOfHashesIsRefused) {
  EXPECT_FALSE(Frontier::Restore(3, {Hash{}}).has_value());
  EXPECT_FALSE(Frontier::Restore(-1, {}).has_value());
}

TEST(MerkleTest, EveryLeafOfEverySizeIsProvenAndNothingElse) {
  const Tree tree(130);
  for (std::int64_t size = 1; size <= 130; ++size) {
    for (std::int64_t index = 0; index < size; ++index) {
      const std::vector<Hash> proof = tree.Resolve(InclusionPlan(index, size));
      ASSERT_TRUE(VerifyInclusion(tree.Leaf(index), index, size, proof, tree.Root(size)))
          << index << " of " << size;
      ASSERT_FALSE(VerifyInclusion(LeafHash("forged"), index, size, proof, tree.Root(size)));
      ASSERT_FALSE(VerifyInclusion(tree.Leaf(index), index + 1, size, proof, tree.Root(size)))
          << index << " of " << size;
      auto longer = proof;
      longer.push_back(Hash{});
      ASSERT_FALSE(VerifyInclusion(tree.Leaf(index), index, size, longer, tree.Root(size)));
      for (std::size_t i = 0; i < proof.size(); ++i) {
        auto damaged = proof;
        damaged[i][7] ^= 1;
        ASSERT_FALSE(VerifyInclusion(tree.Leaf(index), index, size, damaged, tree.Root(size)));
      }
    }
  }
}

TEST(MerkleTest, EveryPairOfSizesIsConsistentAndNothingElse) {
  const Tree tree(130);
  for (std::int64_t newer = 1; newer <= 130; ++newer) {
    for (std::int64_t older = 1; older <= newer; ++older) {
      const std::vector<Hash> proof = tree.Resolve(ConsistencyPlan(older, newer));
      ASSERT_TRUE(VerifyConsistency(older, tree.Root(older), newer, tree.Root(newer), proof))
          << older << " to " << newer;
      ASSERT_FALSE(VerifyConsistency(older, Hash{}, newer, tree.Root(newer), proof));
      ASSERT_FALSE(VerifyConsistency(older, tree.Root(older), newer, Hash{}, proof));
      for (std::size_t i = 0; i < proof.size(); ++i) {
        auto damaged = proof;
        damaged[i][0] ^= 0x80;
        ASSERT_FALSE(VerifyConsistency(older, tree.Root(older), newer, tree.Root(newer), damaged));
      }
    }
  }
}

TEST(MerkleTest, ImpossibleSizesAreNotProven) {
  const Hash hash = LeafHash("x");
  EXPECT_FALSE(VerifyInclusion(hash, -1, 1, {}, hash));
  EXPECT_FALSE(VerifyInclusion(hash, 1, 1, {}, hash));
  EXPECT_FALSE(VerifyInclusion(hash, 0, 0, {}, hash));
  EXPECT_FALSE(VerifyConsistency(0, hash, 1, hash, {}));
  EXPECT_FALSE(VerifyConsistency(2, hash, 1, hash, {}));
  EXPECT_FALSE(VerifyConsistency(3, hash, 4, hash, {}));
}

}  // namespace
}  // namespace sockel::ledger
