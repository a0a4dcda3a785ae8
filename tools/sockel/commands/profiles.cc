#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/exit_code.h"

namespace sockel::cli {
namespace {

struct SetOptions {
  std::map<std::string, std::string> endpoints;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  std::string server_name;
  bool tls = false;
  bool plaintext_anywhere = false;
};

absl::Status List(Session& session) {
  nlohmann::json list = nlohmann::json::array();
  const std::string current = session.store().Current();
  for (const std::string& name : session.store().List()) {
    // One that is damaged does not hide the others.
    const absl::StatusOr<Profile> profile = session.store().Load(name);
    const std::string principal = profile.ok() ? profile->principal : "";
    list.push_back({{"name", name}, {"current", name == current}, {"principal", principal}});
    std::string remark = principal.empty() ? "(not signed in)" : principal;
    if (!profile.ok()) {
      const std::string problem(profile.status().message());
      list.back()["error"] = problem;
      remark = absl::StrCat("(", problem, ")");
    }
    session.Say(absl::StrCat(name == current ? "* " : "  ", name, "  ", remark));
  }
  if (session.json()) {
    const nlohmann::json tree = {{"profiles", list}};
    std::cout << tree.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }
  return absl::OkStatus();
}

void PrintJson(const Profile& profile) {
  nlohmann::json tree = {{"name", profile.name},
                         {"principal", profile.principal},
                         {"tenant", profile.tenant},
                         {"tls", profile.tls}};
  for (const std::string& service : ServiceNames()) {
    tree["endpoints"][service] = profile.Endpoint(service);
  }
  std::cout << tree.dump() << "\n";
}

absl::Status ShowProfile(Session& session) {
  absl::StatusOr<Profile> profile = session.profile();
  if (!profile.ok()) return profile.status();
  if (session.json()) {
    PrintJson(*profile);
    return absl::OkStatus();
  }
  session.Say(absl::StrCat("name: ", profile->name, "\nprincipal: ", profile->principal,
                           "\ntenant: ", profile->tenant, "\ntls: ", profile->tls ? "yes" : "no"));
  for (const std::string& service : ServiceNames()) {
    session.Say(absl::StrCat(service, ": ", profile->Endpoint(service)));
  }
  return absl::OkStatus();
}

// With a name that nobody has, every later command would fail. `default` is what
// is used at first, be there a file or not.
absl::Status CheckExists(const std::string& name, const std::vector<std::string>& existing) {
  if (name == "default") return absl::OkStatus();
  if (std::find(existing.begin(), existing.end(), name) != existing.end()) return absl::OkStatus();
  return WithNextStep(
      absl::NotFoundError(absl::StrCat("there is no profile ", name,
                                       existing.empty() ? "; there is none yet" : "; there are: ",
                                       absl::StrJoin(existing, ", "))),
      "make it by signing in: sockel -p PROFILE login");
}

absl::Status Use(Session& session, const std::string& name) {
  if (absl::Status exists = CheckExists(name, session.store().List()); !exists.ok()) return exists;
  if (absl::Status used = session.store().Use(name); !used.ok()) return used;
  return session.ShowName(name);
}

absl::Status Delete(Session& session, const std::string& name) {
  if (absl::Status removed = session.store().Remove(name); !removed.ok()) return removed;
  return session.ShowName(name);
}

absl::Status Set(Session& session, const SetOptions& options) {
  absl::StatusOr<Profile> profile = session.profile();
  if (!profile.ok()) return profile.status();
  for (const auto& [service, target] : options.endpoints) {
    if (!target.empty()) profile->endpoints[service] = target;
  }
  // Absolute: the profile is used from other folders, too.
  const auto take_file = [](const std::string& value, std::string& into) {
    if (!value.empty()) into = AbsolutePath(value).string();
  };
  take_file(options.ca_file, profile->ca_file);
  take_file(options.certificate_file, profile->certificate_file);
  take_file(options.key_file, profile->key_file);
  if (!options.server_name.empty()) profile->server_name = options.server_name;
  if (options.tls || !options.ca_file.empty()) profile->tls = true;
  if (options.plaintext_anywhere) profile->plaintext_anywhere = true;
  if (absl::Status saved = session.SaveProfile(*profile); !saved.ok()) return saved;
  if (session.json()) PrintJson(*profile);
  return absl::OkStatus();
}

void AddSet(Commands& commands, CLI::App& group) {
  Session& session = commands.session();
  auto options = std::make_shared<SetOptions>();
  CLI::App& set = commands.Add(group, "set", "Set addresses and TLS files of a profile",
                               "sockel -p test profiles set --identity identity.example:443 --tls",
                               [&session, options] { return Set(session, *options); });
  for (const std::string& service : ServiceNames()) {
    set.add_option("--" + service, options->endpoints[service], "Address of " + service);
  }
  set.add_flag("--tls", options->tls, "Connect with TLS, trusting the system's authorities");
  set.add_option("--ca-file", options->ca_file, "Connect with TLS, trusting this CA (PEM)");
  set.add_option("--certificate-file", options->certificate_file, "Own certificate (mTLS, PEM)");
  set.add_option("--tls-key-file", options->key_file, "Key of the own certificate (PEM)");
  set.add_option("--server-name", options->server_name,
                 "Name expected in the server's certificate");
  set.add_flag("--plaintext-anywhere", options->plaintext_anywhere,
               "Allow unencrypted connections to other machines");
}

}  // namespace

void AddProfileCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("profiles", "Installations and sign-ins this machine knows");
  commands.Add(group, "list", "List profiles", "sockel profiles list",
               [&session] { return List(session); });
  commands.Add(group, "show", "Show a profile, without its secrets", "sockel -p test profiles show",
               [&session] { return ShowProfile(session); });

  auto name = std::make_shared<std::string>();
  commands
      .Add(group, "use", "Make a profile the one that is used", "sockel profiles use test",
           [&session, name] { return Use(session, *name); })
      .add_option("name", *name, "Name")
      ->required();
  commands
      .Add(group, "delete", "Forget a profile and its tokens", "sockel profiles delete test",
           [&session, name] { return Delete(session, *name); })
      .add_option("name", *name, "Name")
      ->required();

  AddSet(commands, group);
}

}  // namespace sockel::cli
