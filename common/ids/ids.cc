#include "common/ids/ids.h"

#include <sodium.h>

#include <cstdint>

namespace sockel::ids {
namespace {

// Formats 16 bytes as 8-4-4-4-12, with version and the RFC's variant set.
std::string Format(std::string& bytes, unsigned version) {
  const auto set = [&bytes](std::size_t at, unsigned keep, unsigned bits) {
    bytes[at] = static_cast<char>((static_cast<unsigned char>(bytes[at]) & keep) | bits);
  };
  set(6, 0x0f, version << 4);
  set(8, 0x3f, 0x80);
  std::string text = ToHex(bytes);
  for (const std::size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return text;
}

std::string EncodeBase64(std::string_view bytes, int variant) {
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), variant);
  text.pop_back();  // libsodium's terminating NUL
  return text;
}

std::optional<std::string> DecodeBase64(std::string_view text, int variant) {
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, &end, variant) != 0 ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::string NewUuidV7(absl::Time time) {
  const std::int64_t nanos = absl::ToUnixNanos(time);
  const auto millis = static_cast<std::uint64_t>(nanos / 1'000'000);
  // RFC 9562, 6.2 method 3: rand_a is the fraction of the millisecond.
  const auto fraction = static_cast<std::uint64_t>(nanos % 1'000'000) * 4096 / 1'000'000;
  std::string bytes = RandomBytes(16);
  for (std::size_t i = 0; i < 6; ++i) {
    bytes[i] = static_cast<char>((millis >> (40 - 8 * i)) & 0xff);
  }
  bytes[6] = static_cast<char>(fraction >> 8);
  bytes[7] = static_cast<char>(fraction & 0xff);
  return Format(bytes, 7);
}

std::string NewUuidV4() {
  std::string bytes = RandomBytes(16);
  return Format(bytes, 4);
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (hyphen ? c != '-' : !hex) return false;
  }
  return true;
}

std::string RandomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

std::string ToHex(std::string_view bytes) {
  std::string hex(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                 bytes.size());
  hex.pop_back();
  return hex;
}

std::optional<std::string> FromHex(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), hex.data(),
                     hex.size(), nullptr, &size, &end) != 0 ||
      end != hex.data() + hex.size()) {
    return std::nullopt;
  }
  return bytes;
}

std::string ToBase64Url(std::string_view bytes) {
  return EncodeBase64(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
std::optional<std::string> FromBase64Url(std::string_view text) {
  return DecodeBase64(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
std::string ToBase64(std::string_view bytes) {
  return EncodeBase64(bytes, sodium_base64_VARIANT_ORIGINAL);
}
std::optional<std::string> FromBase64(std::string_view text) {
  return DecodeBase64(text, sodium_base64_VARIANT_ORIGINAL);
}

bool SecretsEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sockel::ids
