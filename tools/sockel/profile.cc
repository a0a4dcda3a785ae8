#include "tools/sockel/profile.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace sockel::cli {
namespace {

using nlohmann::json;

std::string Env(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

json ToJson(const Profile& profile) {
  json tree = {{"endpoints", profile.endpoints}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) tree[key] = value;
  };
  if (profile.tls) tree["tls"] = true;
  if (profile.plaintext_anywhere) tree["plaintext_anywhere"] = true;
  put("ca_file", profile.ca_file);
  put("certificate_file", profile.certificate_file);
  put("key_file", profile.key_file);
  put("server_name", profile.server_name);
  put("principal", profile.principal);
  put("tenant", profile.tenant);
  put("session", profile.session);
  put("access_token", profile.access_token);
  put("refresh_token", profile.refresh_token);
  put("service_account_key_file", profile.service_account_key_file);
  if (!profile.access_token.empty()) {
    tree["access_expire_time"] =
        absl::FormatTime(absl::RFC3339_sec, profile.access_expire_time, absl::UTCTimeZone());
  }
  return tree;
}

Profile FromJson(const json& tree) {
  Profile profile;
  const auto text = [&](const char* key) { return tree.value(key, std::string()); };
  profile.endpoints = tree.value("endpoints", std::map<std::string, std::string>());
  profile.tls = tree.value("tls", false);
  profile.plaintext_anywhere = tree.value("plaintext_anywhere", false);
  profile.ca_file = text("ca_file");
  profile.certificate_file = text("certificate_file");
  profile.key_file = text("key_file");
  profile.server_name = text("server_name");
  profile.principal = text("principal");
  profile.tenant = text("tenant");
  profile.session = text("session");
  profile.access_token = text("access_token");
  profile.refresh_token = text("refresh_token");
  profile.service_account_key_file = text("service_account_key_file");
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text("access_expire_time"), &profile.access_expire_time,
                       &error)) {
    profile.access_expire_time = absl::InfinitePast();
  }
  return profile;
}

// Nothing when the file is damaged: no JSON, or a field of another type.
std::optional<Profile> Parse(const std::string& text) {
  try {
    return FromJson(json::parse(text));
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

absl::Status CheckName(const std::string& name) {
  if (RE2::FullMatch(name, "[A-Za-z0-9][A-Za-z0-9._-]{0,63}")) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "a profile's name is 1 to 64 letters, digits, '.', '_' or '-', not \"", name, "\""));
}

}  // namespace

void Profile::SignOut() {
  principal.clear();
  session.clear();
  access_token.clear();
  access_expire_time = absl::InfinitePast();
  refresh_token.clear();
  service_account_key_file.clear();
}

const std::vector<std::string>& ServiceNames() {
  static const auto* names =
      new std::vector<std::string>{"identity", "efile", "notification", "catalog"};
  return *names;
}

std::string Profile::Endpoint(const std::string& service) const {
  const std::string from_environment = Env("SOCKEL_" + absl::AsciiStrToUpper(service));
  if (!from_environment.empty()) return from_environment;
  const auto found = endpoints.find(service);
  if (found != endpoints.end()) return found->second;
  const auto& names = ServiceNames();
  const auto position = std::find(names.begin(), names.end(), service) - names.begin();
  return absl::StrCat("127.0.0.1:", 7001 + position);
}

ProfileStore::ProfileStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

std::filesystem::path ProfileStore::DefaultFolder() {
  if (const std::string own = Env("SOCKEL_CONFIG"); !own.empty()) return own;
  if (const std::string xdg = Env("XDG_CONFIG_HOME"); !xdg.empty()) {
    return std::filesystem::path(xdg) / "sockel";
  }
  return std::filesystem::path(Env("HOME")) / ".config" / "sockel";
}

std::filesystem::path ProfileStore::PathOf(const std::string& name) const {
  return folder_ / "profiles" / (name + ".json");
}

absl::StatusOr<Profile> ProfileStore::Load(const std::string& name) const {
  if (absl::Status status = CheckName(name); !status.ok()) return status;
  std::optional<Profile> profile = Profile();
  std::error_code error;
  // What cannot be looked at is not absent: reading it says why.
  if (std::filesystem::exists(PathOf(name), error) || error) {
    absl::StatusOr<std::string> text = ReadFile(PathOf(name));
    if (!text.ok()) return text.status();
    profile = Parse(*text);
  }
  if (!profile.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(PathOf(name).string(), " is damaged; delete it and sign in again"));
  }
  profile->name = name;
  return *std::move(profile);
}

absl::Status ProfileStore::Save(const Profile& profile) const {
  if (absl::Status status = CheckName(profile.name); !status.ok()) return status;
  std::string text;
  try {
    text = ToJson(profile).dump(2);
  } catch (const json::exception&) {
    return absl::InvalidArgumentError("names of files in a profile must be text (UTF-8)");
  }
  return WritePrivateFile(PathOf(profile.name), text + "\n");
}

absl::Status ProfileStore::Remove(const std::string& name) const {
  if (absl::Status status = CheckName(name); !status.ok()) return status;
  std::error_code error;
  if (std::filesystem::remove(PathOf(name), error)) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no profile ", name));
}

std::vector<std::string> ProfileStore::List() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "profiles", error)) {
    if (file.path().extension() == ".json") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string ProfileStore::Current() const {
  if (const std::string chosen = Env("SOCKEL_PROFILE"); !chosen.empty()) return chosen;
  std::ifstream file(folder_ / "current");
  std::string name;
  return file >> name ? name : "default";
}

absl::Status ProfileStore::Use(const std::string& name) const {
  if (absl::Status status = CheckName(name); !status.ok()) return status;
  return WritePrivateFile(folder_ / "current", name + "\n");
}

}  // namespace sockel::cli
