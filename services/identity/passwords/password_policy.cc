#include "services/identity/passwords/password_policy.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "common/embed/embedded_file.h"
#include "common/error/error.h"
#include "common/text/text.h"

namespace sockel::identity {

absl::Span<const EmbeddedFile> CommonPasswordFiles();  // sockel_embed()

namespace {

constexpr std::string_view kField = "new_password";

const std::set<std::string, std::less<>>& CommonWords() {
  static const auto* const words = [] {
    auto* set = new std::set<std::string, std::less<>>();
    const std::string_view text = CommonPasswordFiles()[0].text;
    for (absl::string_view word : absl::StrSplit(absl::string_view(text.data(), text.size()),
                                                 absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
      set->insert(std::string(word.data(), word.size()));
    }
    return set;
  }();
  return *words;
}

bool IsLetter(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || (c & 0x80) != 0;
}

// "2024Passwort!!" → "passwort"
std::string_view Core(std::string_view lower) {
  while (!lower.empty() && !IsLetter(lower.front())) lower.remove_prefix(1);
  while (!lower.empty() && !IsLetter(lower.back())) lower.remove_suffix(1);
  return lower;
}

// "p4$$w0rd" → "password"
std::string WithoutLeet(std::string_view lower) {
  std::string plain(lower);
  for (char& c : plain) {
    switch (c) {
      case '0':
        c = 'o';
        break;
      case '1':
        c = 'i';
        break;
      case '3':
        c = 'e';
        break;
      case '4':
      case '@':
        c = 'a';
        break;
      case '5':
      case '$':
        c = 's';
        break;
      case '7':
        c = 't';
        break;
      default:
        break;
    }
  }
  return plain;
}

// The shortest text that, repeated, gives the whole: "abcabcab" → "abc".
std::string_view Unit(std::string_view text) {
  for (size_t n = 1; n < text.size(); ++n) {
    bool repeats = true;
    for (size_t i = n; i < text.size() && repeats; ++i) repeats = text[i] == text[i - n];
    if (repeats) return text.substr(0, n);
  }
  return text;
}

bool IsRow(std::string_view lower) {
  static constexpr std::string_view kRows[] = {"0123456789012345678901234567890",
                                               "abcdefghijklmnopqrstuvwxyz0123456789",
                                               "1234567890qwertyuiopasdfghjklzxcvbnm",
                                               "1234567890qwertzuiopasdfghjklyxcvbnm",
                                               "qwertyuiopasdfghjklzxcvbnm1234567890",
                                               "qwertzuiopasdfghjklyxcvbnm1234567890",
                                               "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
                                               "1q2w3e4r5t6y7u8i9o0p",
                                               "1q2w3e4r5t6z7u8i9o0p"};
  const std::string backwards(lower.rbegin(), lower.rend());
  for (std::string_view row : kRows) {
    if (row.find(lower) != std::string_view::npos) return true;
    if (row.find(backwards) != std::string_view::npos) return true;
  }
  return false;
}

bool IsCommonWord(std::string_view word) { return CommonWords().contains(word); }

// "passwortpasswort", "sommerberlin": one or two common words, nothing else.
bool IsMadeOfCommonWords(std::string_view word) {
  if (IsCommonWord(word) || IsCommonWord(Unit(word))) return true;
  for (size_t cut = 3; cut + 3 <= word.size(); ++cut) {
    if (IsCommonWord(word.substr(0, cut)) && IsCommonWord(word.substr(cut))) return true;
  }
  return false;
}

bool IsCommon(std::string_view password, std::string_view login) {
  const std::string lower =
      absl::AsciiStrToLower(absl::string_view(password.data(), password.size()));
  const std::string plain = WithoutLeet(lower);
  if (Unit(lower).size() <= 4 || IsRow(lower) || IsRow(Unit(lower))) return true;
  if (Unit(lower) == login || Core(lower) == login) return true;
  return IsMadeOfCommonWords(lower) || IsMadeOfCommonWords(Core(lower)) ||
         IsMadeOfCommonWords(plain) || IsMadeOfCommonWords(WithoutLeet(Core(lower))) ||
         IsMadeOfCommonWords(Core(plain));
}

}  // namespace

absl::StatusOr<std::string> NormalizePassword(std::string_view password) {
  if (password.size() > 4 * kMaxPasswordCharacters * 3 || !text::IsUtf8(password)) {
    return error::InvalidField(kField, "must be UTF-8 text of 12 to 256 characters");
  }
  return text::ToNfc(password);
}

absl::StatusOr<std::string> CheckNewPassword(std::string_view password, std::string_view login) {
  auto normal = NormalizePassword(password);
  if (!normal.ok()) return normal.status();
  const size_t characters = text::CodePoints(*normal);
  if (characters < kMinPasswordCharacters || characters > kMaxPasswordCharacters) {
    return error::InvalidField(kField, "must have 12 to 256 characters");
  }
  if (IsCommon(*normal, login)) {
    absl::Status status = error::Make(absl::StatusCode::kInvalidArgument, "PASSWORD_COMMON",
                                      "new_password is too easy to guess; choose another.");
    error::AddFieldViolation(status, kField, "is too easy to guess; choose another");
    return status;
  }
  return normal;
}

}  // namespace sockel::identity
