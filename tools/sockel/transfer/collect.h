#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/sockel/transfer/upload.h"

namespace sockel::cli {

struct Collected {
  std::vector<FileToPut> files;  // each once, in a stable order
  // What lies in a folder and is no regular file: links to folders, pipes,
  // sockets. Named as people read it.
  std::vector<std::string> left_out;
};

// The files, and folders with all that is below them. What cannot be read is
// told as CannotRead() does; NOT_FOUND also when there is no file;
// INVALID_ARGUMENT when something else than a file or folder was named.
absl::StatusOr<Collected> Collect(const std::vector<std::string>& paths);

}  // namespace sockel::cli
