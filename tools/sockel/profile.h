#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/sockel/local_file.h"

namespace sockel::cli {

// Where an installation is and who one is there. Holds secrets once signed in.
struct Profile {
  std::string name;
  // Target of each service, `identity` → `127.0.0.1:7001`.
  std::map<std::string, std::string> endpoints;
  // TLS: empty `ca_file` and `tls` false = plaintext (this machine only).
  bool tls = false;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  std::string server_name;
  bool plaintext_anywhere = false;

  // Who is signed in: resource name, and code of the tenant.
  std::string principal;
  std::string tenant;
  // A user's session.
  std::string session;
  std::string access_token;
  absl::Time access_expire_time = absl::InfinitePast();
  std::string refresh_token;
  // A service account instead: file with its private key (JWK).
  std::string service_account_key_file;

  bool SignedIn() const { return !refresh_token.empty() || !service_account_key_file.empty(); }
  // Forgets who is signed in.
  void SignOut();
  // The target of a service: environment (SOCKEL_IDENTITY …), profile, or what
  // `tools/dev up` uses first.
  std::string Endpoint(const std::string& service) const;
};

// The names that endpoints can have.
const std::vector<std::string>& ServiceNames();

// Profiles as files `<folder>/profiles/<name>.json`, mode 0600, replaced
// atomically.
class ProfileStore {
 public:
  explicit ProfileStore(std::filesystem::path folder);
  // $SOCKEL_CONFIG, else $XDG_CONFIG_HOME/sockel, else ~/.config/sockel.
  static std::filesystem::path DefaultFolder();

  const std::filesystem::path& folder() const { return folder_; }

  // A profile that does not exist yet is an empty one. INVALID_ARGUMENT names a
  // damaged file, or says what a name may look like.
  absl::StatusOr<Profile> Load(const std::string& name) const;
  absl::Status Save(const Profile& profile) const;
  absl::Status Remove(const std::string& name) const;
  std::vector<std::string> List() const;

  // The profile that is used when none is named; `default` at first.
  std::string Current() const;
  absl::Status Use(const std::string& name) const;

 private:
  std::filesystem::path PathOf(const std::string& name) const;
  std::filesystem::path folder_;
};

}  // namespace sockel::cli
