#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace sockel::cli {

// What this machine knows of the logs it has verified: the key (trusted on
// first use, or given) and the newest checkpoint. With it a log that was
// rewritten since, or signed by somebody else, is noticed.
class LogMemory {
 public:
  struct Known {
    std::string verifier_key;
    std::string note;
  };

  explicit LogMemory(std::filesystem::path folder);

  // `origin`: name of the log.
  std::optional<Known> Recall(const std::string& origin) const;
  absl::Status Remember(const std::string& origin, const Known& known) const;

 private:
  std::filesystem::path PathOf(const std::string& origin) const;
  const std::filesystem::path folder_;
};

}  // namespace sockel::cli
