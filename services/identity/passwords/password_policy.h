#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// Which passwords are good enough (NIST SP 800-63B, 5.1.1.2): long, not common,
// no rules of composition.
namespace sockel::identity {

inline constexpr int kMinPasswordCharacters = 12;
inline constexpr int kMaxPasswordCharacters = 256;

// The password in the form that is hashed: NFC, so that a keyboard that
// composes and one that does not give the same. INVALID_ARGUMENT/FIELD_INVALID
// when it is no text or longer than any password can be.
absl::StatusOr<std::string> NormalizePassword(std::string_view password);

// The same for a new one. Errors besides those: INVALID_ARGUMENT with
// FIELD_INVALID (length) or PASSWORD_COMMON: in the bundled list, such a word
// with digits and signs around it, something short repeated, a row of the
// keyboard or the alphabet, or the login.
absl::StatusOr<std::string> CheckNewPassword(std::string_view password, std::string_view login);

}  // namespace sockel::identity
