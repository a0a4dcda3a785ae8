#include "tools/sockel/transfer/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/ids/ids.h"
#include "tools/sockel/transfer/hash.h"

namespace sockel::cli {
namespace {

using nlohmann::json;

std::string FileNameOf(const std::string& key) {
  Sha256 hash;
  hash.Add(key);
  return ids::ToHex(hash.Finish()).substr(0, 32) + ".jsonl";
}

}  // namespace

Journal::Journal(const std::filesystem::path& folder, const std::string& key)
    : path_(folder / "transfers" / FileNameOf(key)) {
  std::error_code error;
  std::filesystem::create_directories(path_.parent_path(), error);
  std::ifstream file(path_);
  std::string line;
  absl::MutexLock lock(&mutex_);
  while (std::getline(file, line)) {
    // A line that was cut off when the process was killed says nothing.
    const json tree = json::parse(line, nullptr, false);
    if (!tree.is_object()) continue;
    const auto text = [&](const char* name) { return tree.value(name, std::string()); };
    states_[text("file")] = {text("sha256"), text("request_id"), text("upload_request_id"),
                             text("upload"), text("document")};
    resumed_ = true;
  }
}

TransferState Journal::Get(const std::string& file, const std::string& sha256) {
  absl::MutexLock lock(&mutex_);
  const auto found = states_.find(file);
  if (found != states_.end() && found->second.sha256 == sha256) return found->second;
  return {sha256, ids::NewUuidV4(), ids::NewUuidV4(), "", ""};
}

absl::Status Journal::Put(const std::string& file, const TransferState& state) {
  const json tree = {{"file", file},
                     {"sha256", state.sha256},
                     {"request_id", state.request_id},
                     {"upload_request_id", state.upload_request_id},
                     {"upload", state.upload},
                     {"document", state.document}};
  const std::string line = tree.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  absl::MutexLock lock(&mutex_);
  if (states_[file] == state) return absl::OkStatus();
  states_[file] = state;
  const int fd = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const bool ok =
      fd >= 0 && write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const int failure = errno;
  if (fd >= 0) close(fd);
  if (ok) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("cannot write ", path_.string(), ": ", std::strerror(failure)));
}

void Journal::Finish() {
  std::error_code error;
  std::filesystem::remove(path_, error);
}

}  // namespace sockel::cli
