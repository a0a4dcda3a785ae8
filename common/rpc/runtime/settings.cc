#include "common/rpc/runtime/settings.h"

#include <regex>

#include "common/pg/pool.h"

namespace sockel::rpc {
namespace {

TlsSettings ReadTls(config::Reader config) {
  TlsSettings tls;
  tls.plaintext = config.Bool("plaintext", false,
                              "No TLS; only for loopback addresses and Unix sockets, unless…");
  tls.plaintext_anywhere =
      config.Bool("plaintext_anywhere", false,
                  "…this is set, because something else encrypts (a service mesh)");
  tls.certificate_file =
      config.String("certificate_file", "", "Certificate chain of this server, PEM");
  tls.key_file = config.String("key_file", "", "Its private key, PEM");
  tls.client_ca_file =
      config.String("client_ca_file", "", "Clients must show a certificate of this CA; PEM");
  tls.ca_file = config.String("ca_file", "",
                              "Whom to believe when calling others, PEM; empty = the system's");
  return tls;
}

// Configuration is printed and lies in environment variables; secrets do neither.
void RefusePassword(config::Reader config, std::string_view key, const std::string& conninfo) {
  static const std::regex kPassword("^\\s*postgres(ql)?://|\\b(ssl)?password\\s*=");
  if (!std::regex_search(conninfo, kPassword)) return;
  config.Refuse(key,
                "key=value pairs without a password, which belongs into the file that is named "
                "beside it");
}

void ReadDatabase(config::Reader config, Settings& settings) {
  settings.conninfo =
      config.RequiredString("conninfo", "libpq connection string of the runtime role");
  RefusePassword(config, "conninfo", settings.conninfo);
  constexpr std::string_view kPasswordFile =
      "File with its password; read again for each connection";
  settings.password_file = config.String("password_file", "", kPasswordFile);
  config.Secret("password_file", kPasswordFile);  // notes it when it cannot be read
  settings.pool_size =
      static_cast<int>(config.Int("pool_size", 8, "Most connections to the database", {1, 1000}));
  settings.pool_wait =
      config.Duration("pool_wait", absl::Seconds(1), "Longest wait for a free connection");
  settings.statement_timeout =
      config.Duration("statement_timeout", absl::Seconds(30), "Longest statement");
  const std::string owner =
      config.String("owner_conninfo", "", "For `migrate`: connection string of the schema's owner");
  RefusePassword(config, "owner_conninfo", owner);
  config.String("owner_password_file", "", "For `migrate`: file with its password");
}

void ReadOthers(config::Reader config, std::string_view service, Settings& settings) {
  if (service != "identity") {
    settings.identity_target = config.RequiredString(
        "identity.target", "Where tokens are verified: address of the identity service");
  }
  settings.account_name =
      config.String("service_account.name", "", "This service's account for calling others");
  settings.account_key_file =
      config.String("service_account.key_file", "", "Its private key, a JWK file");
  for (const std::string& other : config.Children("services")) {
    settings.targets[other] = config.String("services." + other + ".target", "",
                                            "Address of the service, or several with commas");
  }
}

void ReadLog(config::Reader config, Settings& settings) {
  constexpr std::string_view kLevels = "debug, info, warning or error";
  const auto level = log::LevelFrom(config.String("log.level", "info", kLevels));
  if (!level) config.Refuse("log.level", kLevels);
  settings.log_level = level.value_or(log::Level::kInfo);
  settings.access_log = config.Bool("log.calls", true, "One line for each call");
}

void ReadLimits(config::Reader config, Settings& settings) {
  // More threads than connections would only wait for each other.
  settings.workers = static_cast<int>(
      config.Int("workers", 0, "Threads for calls; 0 = as many as database.pool_size", {0, 1000}));
  if (settings.workers == 0) settings.workers = settings.pool_size;
  settings.queue =
      static_cast<int>(config.Int("queue", 256, "Most calls waiting for a thread", {1, 100'000}));
  settings.queue_wait = config.Duration("queue_wait", absl::Milliseconds(50),
                                        "Calls that would wait longer for a thread are refused");
  settings.max_streams = static_cast<int>(
      config.Int("max_streams", 2000,
                 "Most streams open at a time; one tenant may have half of them", {1, 100'000}));
  settings.drain_delay =
      config.Duration("drain.delay", absl::ZeroDuration(),
                      "From not-serving to refusing calls: until load balancers have noticed");
  settings.drain_grace =
      config.Duration("drain.grace", absl::Seconds(10), "Time for running calls to finish");
}

}  // namespace

Settings ReadSettings(config::Reader config, std::string_view service) {
  Settings settings;
  settings.listen = config.String("listen", "127.0.0.1:7001",
                                  "Address of the gRPC server, host:port or unix:/path");
  settings.metrics_listen =
      config.String("metrics_listen", "", "Address of /metrics for Prometheus; empty = none");
  settings.tls = ReadTls(config.Section("tls"));
  ReadDatabase(config.Section("database"), settings);
  ReadOthers(config, service, settings);
  settings.ledger_key_file =
      config.RequiredString("ledger.signing_key_file", "Ed25519 key that signs the log, PEM");
  settings.page_token_key = config.RequiredSecret(
      "page_token_key_file", "File with at least 32 random characters; equal in all replicas");
  settings.events_keep =
      config.Duration("events.keep", absl::Hours(24 * 30), "How long events can be watched again");
  ReadLog(config, settings);
  ReadLimits(config, settings);
  return settings;
}

absl::StatusOr<MigrationSettings> ReadMigrationSettings(config::Reader config) {
  const std::string owner =
      config.String("database.owner_conninfo", "", "connection string of the schema's owner");
  const std::string runtime =
      config.String("database.conninfo", "", "connection string of the runtime role");
  if (owner.empty()) {
    return absl::InvalidArgumentError("configuration: `database.owner_conninfo` is missing");
  }
  RefusePassword(config, "database.owner_conninfo", owner);
  const std::string password =
      config.Secret("database.owner_password_file", "File with the owner's password");
  std::smatch match;
  if (!std::regex_search(runtime, match, std::regex("\\buser\\s*=\\s*'?([A-Za-z0-9_-]+)"))) {
    return absl::InvalidArgumentError(
        "configuration: `database.conninfo` must say user=…: the role that gets rights");
  }
  return MigrationSettings{password.empty() ? owner : pg::WithPassword(owner, password),
                           match[1].str()};
}

}  // namespace sockel::rpc
