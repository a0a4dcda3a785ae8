#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/config/config.h"
#include "common/log/log.h"

namespace sockel::rpc {

struct TlsSettings {
  bool plaintext = false;
  bool plaintext_anywhere = false;
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;  // set: clients must show a certificate of this CA
  std::string ca_file;         // whom to believe as a client
};

// What the configuration says that is the same for every service.
struct Settings {
  std::string listen;
  std::string metrics_listen;
  TlsSettings tls;

  std::string conninfo;
  std::string password_file;  // may be empty
  int pool_size = 8;
  absl::Duration pool_wait;
  absl::Duration statement_timeout;

  std::string identity_target;  // empty for identity itself
  std::string account_name;
  std::string account_key_file;
  std::map<std::string, std::string> targets;  // service → target

  std::string ledger_key_file;
  std::string page_token_key;
  absl::Duration events_keep;

  int workers = 8;
  int queue = 256;
  absl::Duration queue_wait;
  int max_streams = 2000;
  bool access_log = true;
  log::Level log_level = log::Level::kInfo;
  absl::Duration drain_delay;
  absl::Duration drain_grace;
};

// Problems are noted in the reader.
Settings ReadSettings(config::Reader config, std::string_view service);

// Only what `migrate` needs: a migration job has no more.
struct MigrationSettings {
  std::string owner_conninfo;  // with password
  std::string runtime_role;
};
absl::StatusOr<MigrationSettings> ReadMigrationSettings(config::Reader config);

}  // namespace sockel::rpc
