#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

// Identifiers and the encodings they travel in. All functions are thread-safe;
// randomness is libsodium's, fit for secrets.
namespace sockel::ids {

// RFC 9562 version 7, lower case: sorts by `time` to about a quarter of a
// microsecond, so that rows made one after the other lie side by side.
std::string NewUuidV7(absl::Time time);

// RFC 9562 version 4: nothing but chance. For request ids.
std::string NewUuidV4();

// Whether `text` has the form of a UUID of any version, in either case.
bool IsUuid(std::string_view text);

// `count` random bytes.
std::string RandomBytes(std::size_t count);

// Lower-case hexadecimal.
std::string ToHex(std::string_view bytes);
// Nothing when `hex` is not hexadecimal of even length.
std::optional<std::string> FromHex(std::string_view hex);

// RFC 4648 section 5, without padding.
std::string ToBase64Url(std::string_view bytes);
std::optional<std::string> FromBase64Url(std::string_view text);

// RFC 4648 section 4, with padding.
std::string ToBase64(std::string_view bytes);
std::optional<std::string> FromBase64(std::string_view text);

// Compares secrets in time that depends on their lengths only.
bool SecretsEqual(std::string_view a, std::string_view b);

}  // namespace sockel::ids
