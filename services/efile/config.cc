#include "services/efile/config.h"

namespace sockel::efile {

Config ReadConfig(config::Reader section) {
  return {.content_root = section.RequiredString("content_root", "Folder of the content store"),
          .master_key = section.RequiredSecret(
              "master_key_file",
              "File with the master key, 64 hexadecimal digits: openssl rand -hex 32"),
          .time_zone = section.String("time_zone", "Europe/Berlin",
                                      "Whose calendar reference numbers and retention follow"),
          .cleanup_interval =
              section.Duration("cleanup_interval", absl::Minutes(1),
                               "How often to look for abandoned uploads and lost bytes")};
}

}  // namespace sockel::efile
