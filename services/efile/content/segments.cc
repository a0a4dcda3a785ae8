#include "services/efile/content/segments.h"

#include <algorithm>

namespace sockel::efile {

std::string SegmentContext(std::string_view content_id, std::int64_t index, bool last) {
  std::string context(content_id);
  for (int shift = 56; shift >= 0; shift -= 8) {
    context.push_back(static_cast<char>((static_cast<std::uint64_t>(index) >> shift) & 0xff));
  }
  context.push_back(last ? '\1' : '\0');
  return context;
}

SegmentCipher::SegmentCipher(const Key& key, std::string content_id, std::int64_t size)
    : sealer_(key), opener_(key), content_id_(std::move(content_id)), size_(size) {}

void SegmentCipher::Seal(std::int64_t index, std::string_view plain, std::string& out) {
  const std::size_t begin = out.size();
  out.resize(begin + kNonceSize + plain.size() + kTagSize);
  auto* nonce = reinterpret_cast<std::uint8_t*>(out.data() + begin);
  FillRandom(nonce, kNonceSize);
  sealer_.Seal(nonce, SegmentContext(content_id_, index, IsLast(index)), plain, nonce + kNonceSize);
}

bool SegmentCipher::Open(std::int64_t index, std::string_view stored, char* out) {
  if (stored.size() < kNonceSize + kTagSize) return false;
  return opener_.Open(reinterpret_cast<const std::uint8_t*>(stored.data()),
                      SegmentContext(content_id_, index, IsLast(index)), stored.substr(kNonceSize),
                      reinterpret_cast<std::uint8_t*>(out));
}

std::int64_t SegmentCipher::SegmentLength(std::int64_t index) const {
  return std::min(kSegmentSize, size_ - index * kSegmentSize);
}

}  // namespace sockel::efile
