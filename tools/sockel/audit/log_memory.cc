#include "tools/sockel/audit/log_memory.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/sockel/profile.h"

namespace sockel::cli {

using nlohmann::json;

LogMemory::LogMemory(std::filesystem::path folder) : folder_(std::move(folder)) {}

std::filesystem::path LogMemory::PathOf(const std::string& origin) const {
  std::string name = origin;
  std::replace(name.begin(), name.end(), '/', '_');
  return folder_ / "logs" / (name + ".json");
}

std::optional<LogMemory::Known> LogMemory::Recall(const std::string& origin) const {
  absl::StatusOr<std::string> text = ReadFile(PathOf(origin));
  if (!text.ok()) return std::nullopt;
  const json tree = json::parse(*text, nullptr, false);
  if (!tree.is_object()) return std::nullopt;
  return Known{tree.value("verifier_key", ""), tree.value("note", "")};
}

absl::Status LogMemory::Remember(const std::string& origin, const Known& known) const {
  const json tree = {{"verifier_key", known.verifier_key}, {"note", known.note}};
  return WritePrivateFile(PathOf(origin), tree.dump(2) + "\n");
}

}  // namespace sockel::cli
