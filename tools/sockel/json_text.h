#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sockel::cli {

// The text at `key`; empty when there is none, or when something else is there.
// (json::value() throws for the latter, and files may have been changed.)
inline std::string TextAt(const nlohmann::json& tree, const char* key) {
  const auto found = tree.find(key);
  return found != tree.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace sockel::cli
