#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

// YAML as a map from dotted keys to values. Private to common/config.
namespace sockel::config {

struct Value {
  // One item for a scalar.
  std::vector<std::string> items;
  bool is_list = false;
  // Where it was given, for messages: `sockel.yaml:12`, `--set`, a variable.
  std::string source;
  // Nobody has to know this key: the environment is shared with others.
  bool may_be_unknown = false;
};

using Values = std::map<std::string, Value>;

// Adds the leaves of `yaml`; `source` names it in messages. INVALID_ARGUMENT
// when it is no YAML map of maps, scalars and lists of scalars.
absl::Status FlattenYaml(const std::string& yaml, std::string_view source, Values& values);

// One value given as YAML text: `8`, `text`, `[a, b]`.
absl::Status FlattenOverride(const std::string& key, const std::string& yaml,
                             std::string_view source, Value& value);

// As it would be written in the file.
std::string ToYaml(const Value& value);

}  // namespace sockel::config
