#include "common/ledger/merkle.h"

#include <openssl/evp.h>

#include <bit>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <stdexcept>

namespace sockel::ledger {
namespace {

struct Piece {
  const void* data;
  std::size_t size;
};

Hash Sha256(std::initializer_list<Piece> pieces) {
  // One context a thread: creating it costs more than hashing a node.
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Hash hash{};
  bool ok = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (const Piece& piece : pieces) {
    ok = ok && EVP_DigestUpdate(context.get(), piece.data, piece.size) == 1;
  }
  ok = ok && EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) == 1;
  if (!ok) throw std::runtime_error("SHA-256 failed");
  return hash;
}

// The largest power of two smaller than n; n >= 2.
std::int64_t Split(std::int64_t n) {
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(n - 1)));
}

// The complete subtrees that cover [begin, end), left to right.
std::vector<NodeId> Cover(std::int64_t begin, std::int64_t end) {
  std::vector<NodeId> nodes;
  while (begin < end) {
    const auto length = static_cast<std::uint64_t>(end - begin);
    int level = static_cast<int>(std::bit_width(length)) - 1;
    if (begin != 0) level = std::min(level, std::countr_zero(static_cast<std::uint64_t>(begin)));
    nodes.push_back({level, begin >> level});
    begin += std::int64_t{1} << level;
  }
  return nodes;
}

// PATH(index, D[begin:end]) of RFC 6962; `index` counts from the tree's start.
void AddPath(std::int64_t index, std::int64_t begin, std::int64_t end, ProofPlan& plan) {
  if (end - begin <= 1) return;
  const std::int64_t middle = begin + Split(end - begin);
  if (index < middle) {
    AddPath(index, begin, middle, plan);
    plan.push_back(Cover(middle, end));
  } else {
    AddPath(index, middle, end, plan);
    plan.push_back(Cover(begin, middle));
  }
}

// SUBPROOF(m, D[begin:end], known) of RFC 6962; `m` counts from the tree's start.
void AddSubproof(std::int64_t m, std::int64_t begin, std::int64_t end, bool known,
                 ProofPlan& plan) {
  if (m == end) {
    if (!known) plan.push_back(Cover(begin, end));
    return;
  }
  const std::int64_t middle = begin + Split(end - begin);
  if (m <= middle) {
    AddSubproof(m, begin, middle, known, plan);
    plan.push_back(Cover(middle, end));
  } else {
    AddSubproof(m, middle, end, false, plan);
    plan.push_back(Cover(begin, middle));
  }
}

bool IsPowerOfTwo(std::int64_t n) { return std::has_single_bit(static_cast<std::uint64_t>(n)); }

}  // namespace

Hash LeafHash(std::string_view leaf) {
  static constexpr unsigned char kPrefix = 0;
  return Sha256({{&kPrefix, 1}, {leaf.data(), leaf.size()}});
}

Hash NodeHash(const Hash& left, const Hash& right) {
  static constexpr unsigned char kPrefix = 1;
  return Sha256({{&kPrefix, 1}, {left.data(), left.size()}, {right.data(), right.size()}});
}

Hash EmptyRoot() { return Sha256({}); }

std::optional<Hash> HashFromBytes(std::string_view bytes) {
  Hash hash{};
  if (bytes.size() != hash.size()) return std::nullopt;
  std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

std::string ToBytes(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::optional<Frontier> Frontier::Restore(std::int64_t size, std::vector<Hash> hashes) {
  if (size < 0 ||
      hashes.size() != static_cast<std::size_t>(std::popcount(static_cast<std::uint64_t>(size)))) {
    return std::nullopt;
  }
  Frontier frontier;
  frontier.size_ = size;
  frontier.hashes_ = std::move(hashes);
  return frontier;
}

void Frontier::Append(const Hash& leaf_hash, const NodeSink& completed) {
  Hash hash = leaf_hash;
  NodeId id{0, size_};
  while ((id.index & 1) == 1) {
    hash = NodeHash(hashes_.back(), hash);
    hashes_.pop_back();
    id = {id.level + 1, id.index >> 1};
    if (completed) completed(id, hash);
  }
  hashes_.push_back(hash);
  ++size_;
}

Hash Frontier::Root() const { return hashes_.empty() ? EmptyRoot() : FoldRange(hashes_); }

ProofPlan InclusionPlan(std::int64_t index, std::int64_t size) {
  ProofPlan plan;
  AddPath(index, 0, size, plan);
  return plan;
}

ProofPlan ConsistencyPlan(std::int64_t old_size, std::int64_t new_size) {
  ProofPlan plan;
  AddSubproof(old_size, 0, new_size, true, plan);
  return plan;
}

Hash FoldRange(const std::vector<Hash>& subtrees) {
  Hash hash = subtrees.back();
  for (std::size_t i = subtrees.size() - 1; i > 0; --i) hash = NodeHash(subtrees[i - 1], hash);
  return hash;
}

bool VerifyInclusion(const Hash& leaf_hash, std::int64_t index, std::int64_t size,
                     const std::vector<Hash>& proof, const Hash& root) {
  if (index < 0 || index >= size) return false;
  std::int64_t fn = index;
  std::int64_t sn = size - 1;
  Hash hash = leaf_hash;
  for (const Hash& sibling : proof) {
    if (sn == 0) return false;
    if ((fn & 1) == 1 || fn == sn) {
      hash = NodeHash(sibling, hash);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      hash = NodeHash(hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && hash == root;
}

bool VerifyConsistency(std::int64_t old_size, const Hash& old_root, std::int64_t new_size,
                       const Hash& new_root, const std::vector<Hash>& proof) {
  if (old_size < 1 || old_size > new_size) return false;
  if (old_size == new_size) return proof.empty() && old_root == new_root;
  std::vector<Hash> path = proof;
  if (IsPowerOfTwo(old_size)) path.insert(path.begin(), old_root);
  if (path.empty()) return false;
  std::int64_t fn = old_size - 1;
  std::int64_t sn = new_size - 1;
  while ((fn & 1) == 1) {
    fn >>= 1;
    sn >>= 1;
  }
  Hash old_hash = path.front();
  Hash new_hash = path.front();
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (sn == 0) return false;
    if ((fn & 1) == 1 || fn == sn) {
      old_hash = NodeHash(path[i], old_hash);
      new_hash = NodeHash(path[i], new_hash);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      new_hash = NodeHash(new_hash, path[i]);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && old_hash == old_root && new_hash == new_root;
}

}  // namespace sockel::ledger
