#include "common/config/config.h"

#include <unistd.h>

#include <cctype>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "common/config/flatten.h"

extern char** environ;

namespace sockel::config {
namespace {

constexpr std::string_view kPrefix = "SOCKEL_";
constexpr std::string_view kSeparator = "__";

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(path + ": cannot be read");
  std::stringstream text;
  text << file.rdbuf();
  if (file.bad()) return absl::InvalidArgumentError(path + ": cannot be read");
  return text.str();
}

// SOCKEL_DATABASE__POOL_SIZE → database.pool_size
std::string KeyOfVariable(std::string_view name) {
  std::string key;
  name.remove_prefix(kPrefix.size());
  while (!name.empty()) {
    if (name.substr(0, kSeparator.size()) == kSeparator) {
      key.push_back('.');
      name.remove_prefix(kSeparator.size());
      continue;
    }
    key.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(name.front()))));
    name.remove_prefix(1);
  }
  return key;
}

// A value that replaces what stands in the file, in both forms.
absl::Status Override(const std::string& key, const std::string& yaml, std::string_view source,
                      bool may_be_unknown, Values& values) {
  Value value;
  if (absl::Status status = FlattenOverride(key, yaml, source, value); !status.ok()) return status;
  value.may_be_unknown = may_be_unknown;
  values[key] = std::move(value);
  return absl::OkStatus();
}

std::string DurationText(absl::Duration duration) { return absl::FormatDuration(duration); }

}  // namespace

struct Reader::State {
  struct Declared {
    Value value;
    std::string description;
  };

  const Value* Find(const std::string& key) {
    const auto it = values.find(key);
    return it == values.end() ? nullptr : &it->second;
  }
  void Refuse(const Value& value, const std::string& key, const std::string& wanted) {
    problems.insert(value.source + ": `" + key + "` must be " + wanted);
  }
  // The scalar given for `key`; nothing when there is none.
  const Value* Scalar(const std::string& key, std::string default_text,
                      std::string_view description) {
    const Value* given = Find(key);
    if (given != nullptr && given->is_list) {
      Refuse(*given, key, "a single value");
      given = nullptr;
    }
    Value value;
    value.items = {given == nullptr ? std::move(default_text) : given->items.front()};
    value.source = given == nullptr ? "" : given->source;
    declared[key] = {std::move(value), std::string(description)};
    return given;
  }

  Values values;
  std::map<std::string, Declared> declared;
  std::set<std::string> problems;
};

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (text.substr(0, kPrefix.size()) != kPrefix || equals == std::string_view::npos) continue;
    result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

absl::StatusOr<Reader> Reader::Load(const Sources& sources) {
  auto state = std::make_shared<State>();
  if (!sources.file.empty()) {
    const absl::StatusOr<std::string> yaml = ReadFile(sources.file);
    if (!yaml.ok()) return yaml.status();
    absl::Status status = FlattenYaml(*yaml, sources.file, state->values);
    if (!status.ok()) return status;
  }
  for (const auto& [name, value] : sources.environment) {
    // Kubernetes sets SOCKEL_EFILE_PORT and the like: only `__` is surely ours.
    const bool foreign = name.find(kSeparator) == std::string::npos;
    absl::Status status = Override(KeyOfVariable(name), value, name, foreign, state->values);
    if (!status.ok()) return status;
  }
  for (const std::string& text : sources.overrides) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError("--set " + text + ": must be key=value");
    }
    const std::string key = text.substr(0, equals);
    absl::Status status =
        Override(key, text.substr(equals + 1), "--set " + key, false, state->values);
    if (!status.ok()) return status;
  }
  return Reader(std::move(state), "");
}

absl::StatusOr<Reader> Reader::Parse(std::string_view yaml) {
  auto state = std::make_shared<State>();
  absl::Status status = FlattenYaml(std::string(yaml), "config", state->values);
  if (!status.ok()) return status;
  return Reader(std::move(state), "");
}

Reader Reader::Section(std::string_view name) const { return {state_, Path(name) + "."}; }

std::string Reader::Path(std::string_view key) const { return prefix_ + std::string(key); }

bool Reader::Has(std::string_view key) const {
  const std::string path = Path(key);
  const auto it = state_->values.lower_bound(path);
  if (it != state_->values.end() && it->first == path) return true;
  const auto below = state_->values.lower_bound(path + ".");
  return below != state_->values.end() && below->first.compare(0, path.size() + 1, path + ".") == 0;
}

std::vector<std::string> Reader::Children(std::string_view key) const {
  const std::string prefix = Path(key) + ".";
  std::set<std::string> names;
  for (auto it = state_->values.lower_bound(prefix);
       it != state_->values.end() && it->first.compare(0, prefix.size(), prefix) == 0; ++it) {
    names.insert(
        it->first.substr(prefix.size(), it->first.find('.', prefix.size()) - prefix.size()));
  }
  return {names.begin(), names.end()};
}

std::string Reader::String(std::string_view key, std::string_view default_value,
                           std::string_view description) {
  const Value* given = state_->Scalar(Path(key), std::string(default_value), description);
  return given == nullptr ? std::string(default_value) : given->items.front();
}

std::string Reader::RequiredString(std::string_view key, std::string_view description) {
  const std::string value = String(key, "", description);
  if (value.empty()) {
    state_->problems.insert("`" + Path(key) + "` is missing: " + std::string(description));
  }
  return value;
}

std::vector<std::string> Reader::StringList(std::string_view key,
                                            std::vector<std::string> default_value,
                                            std::string_view description) {
  const std::string path = Path(key);
  const Value* given = state_->Find(path);
  Value value;
  value.items = given == nullptr ? std::move(default_value) : given->items;
  value.is_list = true;
  std::vector<std::string> items = value.items;
  state_->declared[path] = {std::move(value), std::string(description)};
  return items;
}

std::int64_t Reader::Int(std::string_view key, std::int64_t default_value,
                         std::string_view description, IntRange range) {
  const std::string path = Path(key);
  const Value* given = state_->Scalar(path, std::to_string(default_value), description);
  if (given == nullptr) return default_value;
  const std::string& text = given->items.front();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < range.min ||
      number > range.max) {
    const std::string upper =
        range.max == INT64_MAX ? " or more" : " to " + std::to_string(range.max);
    state_->Refuse(*given, path, "a whole number, " + std::to_string(range.min) + upper);
    return default_value;
  }
  return number;
}

bool Reader::Bool(std::string_view key, bool default_value, std::string_view description) {
  const std::string path = Path(key);
  const Value* given = state_->Scalar(path, default_value ? "true" : "false", description);
  if (given == nullptr) return default_value;
  const std::string& text = given->items.front();
  if (text != "true" && text != "false") {
    state_->Refuse(*given, path, "true or false");
    return default_value;
  }
  return text == "true";
}

absl::Duration Reader::Duration(std::string_view key, absl::Duration default_value,
                                std::string_view description) {
  const std::string path = Path(key);
  const Value* given = state_->Scalar(path, DurationText(default_value), description);
  if (given == nullptr) return default_value;
  std::string text = given->items.front();
  if (!text.empty() && std::isdigit(static_cast<unsigned char>(text.back())) != 0) text += "s";
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration()) {
    state_->Refuse(*given, path, "a duration such as 250ms, 10s, 5m, 24h");
    return default_value;
  }
  return duration;
}

std::string Reader::Secret(std::string_view key, std::string_view description) {
  const std::string file = String(key, "", description);
  if (file.empty()) return "";
  const absl::StatusOr<std::string> content = ReadFile(file);
  if (!content.ok()) {
    state_->problems.insert("`" + Path(key) + "`: " + std::string(content.status().message()));
    return "";
  }
  return content->substr(0, content->find_last_not_of("\r\n") + 1);
}

std::string Reader::RequiredSecret(std::string_view key, std::string_view description) {
  if (RequiredString(key, description).empty()) return "";
  std::string content = Secret(key, description);
  if (content.empty()) state_->problems.insert("`" + Path(key) + "`: the file is empty");
  return content;
}

void Reader::Refuse(std::string_view key, std::string_view wanted) {
  const std::string path = Path(key);
  const Value* given = state_->Find(path);
  if (given == nullptr) return;
  state_->Refuse(*given, path, std::string(wanted));
  state_->declared[path].value.items = {"(refused)"};  // it may be a secret
}

absl::Status Reader::Finish() const {
  std::set<std::string> problems = state_->problems;
  for (const auto& [key, value] : state_->values) {
    if (value.may_be_unknown || state_->declared.count(key) != 0) continue;
    problems.insert(value.source + ": unknown key `" + key + "`");
  }
  if (problems.empty()) return absl::OkStatus();
  std::string message = "configuration:";
  for (const std::string& problem : problems) message += "\n  " + problem;
  return absl::InvalidArgumentError(message);
}

std::string Reader::Print() const {
  std::string text;
  std::vector<std::string> open;  // the maps that the last line stands in
  for (const auto& [key, declared] : state_->declared) {
    std::vector<std::string> path;
    std::stringstream parts(key);
    for (std::string part; std::getline(parts, part, '.');) path.push_back(part);
    std::size_t depth = 0;
    while (depth < open.size() && depth + 1 < path.size() && open[depth] == path[depth]) ++depth;
    open.resize(depth);
    for (; depth + 1 < path.size(); ++depth) {
      text += std::string(depth * 2, ' ') + path[depth] + ":\n";
      open.push_back(path[depth]);
    }
    const std::string indent(depth * 2, ' ');
    text += indent + "# " + declared.description + "\n";
    text += indent + path.back() + ": " + ToYaml(declared.value) + "\n";
  }
  return text;
}

}  // namespace sockel::config
