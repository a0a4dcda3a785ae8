#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The Merkle tree of RFC 6962, section 2: hashing, growing, proofs. Pure
// functions over values; where nodes are stored is somebody else's subject.
namespace sockel::ledger {

// SHA-256.
using Hash = std::array<unsigned char, 32>;

// SHA-256(0x00 || leaf), SHA-256(0x01 || left || right), SHA-256().
Hash LeafHash(std::string_view leaf);
Hash NodeHash(const Hash& left, const Hash& right);
Hash EmptyRoot();

// Nothing unless there are exactly 32 bytes.
std::optional<Hash> HashFromBytes(std::string_view bytes);
std::string ToBytes(const Hash& hash);

// The root of the complete subtree over the leaves
// [index * 2^level, (index + 1) * 2^level). It never changes once it exists.
struct NodeId {
  int level = 0;
  std::int64_t index = 0;
  auto operator<=>(const NodeId&) const = default;
};

// The right edge of a tree: all that is needed to grow it and to know its root.
class Frontier {
 public:
  using NodeSink = std::function<void(NodeId, const Hash&)>;

  // Of the empty tree.
  Frontier() = default;
  // Nothing when the number of hashes does not fit the size.
  static std::optional<Frontier> Restore(std::int64_t size, std::vector<Hash> hashes);

  // Adds a leaf. `completed` (may be empty) is told each inner node (level 1
  // and up) that became complete, lowest level first.
  void Append(const Hash& leaf_hash, const NodeSink& completed = {});

  std::int64_t size() const { return size_; }
  // Roots of the complete subtrees that make up the tree, largest first; one
  // for each bit set in size().
  const std::vector<Hash>& hashes() const { return hashes_; }
  Hash Root() const;

 private:
  std::int64_t size_ = 0;
  std::vector<Hash> hashes_;
};

// What a proof is made of: each element is the hash of a range of leaves,
// given as the complete subtrees it consists of, left to right.
using ProofPlan = std::vector<std::vector<NodeId>>;

// For 0 <= index < size.
ProofPlan InclusionPlan(std::int64_t index, std::int64_t size);
// For 1 <= old_size <= new_size.
ProofPlan ConsistencyPlan(std::int64_t old_size, std::int64_t new_size);
// One element of the proof from the hashes of its subtrees (at least one).
Hash FoldRange(const std::vector<Hash>& subtrees);

// RFC 9162, sections 2.1.3.2 and 2.1.4.2. False for any mismatch, also for
// impossible sizes; never crashes on hostile input.
bool VerifyInclusion(const Hash& leaf_hash, std::int64_t index, std::int64_t size,
                     const std::vector<Hash>& proof, const Hash& root);
bool VerifyConsistency(std::int64_t old_size, const Hash& old_root, std::int64_t new_size,
                       const Hash& new_root, const std::vector<Hash>& proof);

}  // namespace sockel::ledger
