#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sockel::cli {

// What this machine knows of the logs it has verified: the key (trusted on
// first use, or given) and the newest checkpoint. With it a log that was
// rewritten since, or signed by somebody else, is noticed.
class LogMemory {
 public:
  // Two installations, of tests and in use, have logs of the same name: which
  // one it is, the service's address says.
  struct Log {
    std::string origin;   // `sockel/efile/smi`
    std::string address;  // `127.0.0.1:7002`
  };
  struct Known {
    std::string verifier_key;
    std::string note;
  };

  explicit LogMemory(std::filesystem::path folder);

  // Nothing for a log that was never verified. FAILED_PRECONDITION names a
  // damaged file: to go on as if nothing were known would hide a changed log.
  absl::StatusOr<std::optional<Known>> Recall(const Log& log) const;
  absl::Status Remember(const Log& log, const Known& known) const;
  // NOT_FOUND when nothing is known of it.
  absl::Status Forget(const Log& log) const;

  // The keys of all logs of this name, at whatever address: for files, which
  // come from no address.
  std::vector<std::string> Keys(const std::string& origin) const;

  // The file in which it is kept.
  std::filesystem::path PathOf(const Log& log) const;

 private:
  const std::filesystem::path folder_;
};

}  // namespace sockel::cli
