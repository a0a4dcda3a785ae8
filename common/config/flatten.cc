#include "common/config/flatten.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <utility>

namespace sockel::config {
namespace {

std::string Place(std::string_view source, const YAML::Node& node) {
  return std::string(source) + ":" + std::to_string(node.Mark().line + 1);
}

absl::Status Refuse(const std::string& place, const std::string& key, const std::string& wanted) {
  return absl::InvalidArgumentError(place + ": `" + key + "` " + wanted);
}

absl::Status ReadLeaf(const YAML::Node& node, const std::string& key, const std::string& place,
                      Value& value) {
  value.source = place;
  value.is_list = node.IsSequence();
  if (node.IsScalar()) {
    value.items = {node.Scalar()};
    return absl::OkStatus();
  }
  for (const YAML::Node& item : node) {
    if (!item.IsScalar()) return Refuse(place, key, "must be a list of plain values");
    value.items.push_back(item.Scalar());
  }
  return absl::OkStatus();
}

constexpr int kMostLevels = 100;

absl::Status FlattenNode(const YAML::Node& node, const std::string& key, std::string_view source,
                         Values& values, int level) {
  if (node.IsNull()) return absl::OkStatus();
  const std::string place = Place(source, node);
  if (level > kMostLevels) {
    return absl::InvalidArgumentError(place + ": is nested too deeply, or refers to itself");
  }
  if (!node.IsMap()) {
    if (values.count(key) != 0) return Refuse(place, key, "is given twice");
    return ReadLeaf(node, key, place, values[key]);
  }
  for (const auto& child : node) {
    if (!child.first.IsScalar()) return Refuse(place, key, "must have plain keys");
    const std::string& name = child.first.Scalar();
    const std::string path = key.empty() ? name : key + "." + name;
    absl::Status status = FlattenNode(child.second, path, source, values, level + 1);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status FlattenYaml(const std::string& yaml, std::string_view source, Values& values) {
  try {
    const YAML::Node root = YAML::Load(yaml);
    if (!root.IsMap() && !root.IsNull()) {
      return absl::InvalidArgumentError(std::string(source) + ": must be a YAML map");
    }
    return FlattenNode(root, "", source, values, 1);
  } catch (const YAML::Exception& e) {
    return absl::InvalidArgumentError(std::string(source) + ": no valid YAML: " + e.what());
  }
}

absl::Status FlattenOverride(const std::string& key, const std::string& yaml,
                             std::string_view source, Value& value) {
  try {
    const YAML::Node node = YAML::Load(yaml);
    if (!node.IsSequence()) {
      // Taken as it is: a value may hold what YAML would read as structure.
      value.items = {yaml};
      value.source = std::string(source);
      return absl::OkStatus();
    }
    return ReadLeaf(node, key, std::string(source), value);
  } catch (const YAML::Exception&) {
    value.items = {yaml};
    value.source = std::string(source);
    return absl::OkStatus();
  }
}

std::string ToYaml(const Value& value) {
  YAML::Emitter out;
  if (!value.is_list) {
    out << (value.items.empty() ? std::string() : value.items.front());
    return out.c_str();
  }
  out << YAML::Flow << YAML::BeginSeq;
  for (const std::string& item : value.items) out << item;
  out << YAML::EndSeq;
  return out.c_str();
}

}  // namespace sockel::config
