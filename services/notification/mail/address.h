#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sockel::notification {

// What stands after the @ of an address; the whole of it when there is none.
std::string_view DomainOf(std::string_view address);

// No control character and no line or paragraph separator of Unicode: safe in
// a header, in a subject, in a list on a screen. `text` is valid UTF-8.
bool IsOneLine(std::string_view text);

// No control characters besides line breaks and tabs.
bool IsPlainText(std::string_view text);

// Words from outside as one line: what is no valid UTF-8, or would not pass
// IsOneLine(), becomes `?`. At most `most` bytes, cut between characters.
std::string ToOneLine(std::string_view words, std::size_t most);

}  // namespace sockel::notification
