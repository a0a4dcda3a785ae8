#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Files on this machine, and what is wrong with them in the terms of the exit
// codes.
namespace sockel::cli {

// `error_number` as in errno. NOT_FOUND, PERMISSION_DENIED; UNKNOWN when the
// machine fails; INVALID_ARGUMENT when it is nothing that can be read, such as
// a directory.
absl::Status CannotRead(const std::filesystem::path& path, int error_number);
// ALREADY_EXISTS, PERMISSION_DENIED, else FAILED_PRECONDITION.
absl::Status CannotWrite(const std::filesystem::path& path, int error_number);

// Whether a file may be made at `path`: nothing is there, be it a link or a
// device (ALREADY_EXISTS), and its folder is.
absl::Status CheckFree(const std::filesystem::path& path);

// As CannotRead.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path);
// Writes a file that only its owner can read, all or nothing. Makes its folder,
// and replaces what is there.
absl::Status WritePrivateFile(const std::filesystem::path& path, const std::string& text);
// The same where nothing is: else ALREADY_EXISTS, and what is there stays.
absl::Status WriteNewPrivateFile(const std::filesystem::path& path, const std::string& text);
// The path as it is from any folder; itself when this one is gone.
std::filesystem::path AbsolutePath(const std::string& path);

}  // namespace sockel::cli
