#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// A file's name may hold any bytes; text for people, and the API, may not.
namespace sockel::cli {

// Valid UTF-8 in Normalization Form C without control characters and
// backslashes, whatever the bytes are. At most `most` characters: of a longer
// text the end is kept.
std::string PresentableName(std::string_view bytes, std::size_t most);

// A name for a file in a folder of ours, of text that others wrote: without
// folders, nothing that hides it (a dot in front), that a program takes for an
// option (a dash in front), or that turns the direction of reading. May be empty.
std::string NameInFolder(std::string_view given);

// At most `most` bytes, cut between characters; the extension is kept.
std::string ShortenedFileName(const std::string& name, std::size_t most);

}  // namespace sockel::cli
