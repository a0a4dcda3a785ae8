#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct zip;

namespace sockel::cli {

// Writes a ZIP file, all or nothing: it exists once Finish() returned OK.
class ZipWriter {
 public:
  // ALREADY_EXISTS: nothing is overwritten.
  static absl::StatusOr<ZipWriter> Create(const std::filesystem::path& path);

  absl::Status AddText(const std::string& name, const std::string& text);
  // The file is read in Finish().
  absl::Status AddFile(const std::string& name, const std::filesystem::path& path);
  absl::Status Finish();

 private:
  using Handle = std::unique_ptr<zip, void (*)(zip*)>;
  explicit ZipWriter(Handle archive) : archive_(std::move(archive)) {}
  absl::Status Add(const std::string& name, void* source);

  Handle archive_;
  // Kept until Finish() writes them.
  std::vector<std::unique_ptr<std::string>> texts_;
};

// Reads one. Names are only names: nothing is unpacked.
class ZipReader {
 public:
  // NOT_FOUND; PERMISSION_DENIED; INVALID_ARGUMENT when it is no ZIP file; DATA_LOSS when programs
  // would not agree about what is in it: two members of one name, or members
  // that are not what the table of contents says.
  static absl::StatusOr<ZipReader> Open(const std::filesystem::path& path);

  // Of all members.
  std::vector<std::string> Names() const;
  // The whole member. NOT_FOUND; INVALID_ARGUMENT when larger than `most` or
  // damaged.
  absl::StatusOr<std::string> Read(const std::string& name, std::size_t most) const;
  // Piece by piece, until `take` returns false: a few bytes can unpack to very
  // many. NOT_FOUND, INVALID_ARGUMENT when damaged.
  absl::Status ForEachPiece(const std::string& name,
                            const std::function<bool(std::string_view)>& take) const;

 private:
  using Handle = std::unique_ptr<zip, void (*)(zip*)>;
  explicit ZipReader(Handle archive) : archive_(std::move(archive)) {}
  Handle archive_;
};

}  // namespace sockel::cli
