#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/config/config.h"
#include "services/efile/content/keys.h"

namespace sockel::efile {

// The section `efile` of the configuration.
struct Config {
  std::string content_root;
  std::string master_key;  // as it stands in the file
  std::string time_zone;
  absl::Duration cleanup_interval;
};

// Never fails: the reader notes what is wrong.
Config ReadConfig(config::Reader section);

}  // namespace sockel::efile
