#include "common/text/email_address.h"

#include <re2/re2.h>

#include <cstddef>

namespace sockel::text {
namespace {

constexpr std::size_t kMaxAddress = 254;  // RFC 5321 4.5.3.1.3 less the angle brackets
constexpr std::size_t kMaxLocalPart = 64;

const re2::RE2& AddressPattern() {
  static const re2::RE2 pattern(R"([a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@)"
                                R"([a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)"
                                R"((?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*)");
  return pattern;
}

}  // namespace

bool IsEmailAddress(std::string_view address) {
  if (address.size() > kMaxAddress || address.find('@') > kMaxLocalPart) return false;
  return re2::RE2::FullMatch(re2::StringPiece(address.data(), address.size()), AddressPattern());
}

}  // namespace sockel::text
