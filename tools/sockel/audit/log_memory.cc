#include "tools/sockel/audit/log_memory.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/ids/ids.h"
#include "tools/sockel/json_text.h"
#include "tools/sockel/profile.h"
#include "tools/sockel/transfer/hash.h"

namespace sockel::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kAddressDigits = 8;

// An address may hold anything; a file name may not.
std::string DigestOf(const std::string& address) {
  Sha256 hash;
  hash.Add(address);
  return ids::ToHex(hash.Finish()).substr(0, kAddressDigits);
}

}  // namespace

LogMemory::LogMemory(std::filesystem::path folder) : folder_(std::move(folder) / "logs") {}

std::filesystem::path LogMemory::PathOf(const Log& log) const {
  std::string name = log.origin;
  std::replace(name.begin(), name.end(), '/', '_');
  return folder_ / absl::StrCat(name, "-", DigestOf(log.address), ".json");
}

absl::StatusOr<std::optional<LogMemory::Known>> LogMemory::Recall(const Log& log) const {
  const std::filesystem::path path = PathOf(log);
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return std::optional<Known>();
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  const json tree = json::parse(*text, nullptr, false);
  Known known{TextAt(tree, "verifier_key"), TextAt(tree, "note")};
  if (!known.verifier_key.empty() && !known.note.empty()) return std::optional<Known>(known);
  return absl::FailedPreconditionError(
      absl::StrCat(path.string(), " is damaged; put it back from a copy, or delete it"));
}

absl::Status LogMemory::Remember(const Log& log, const Known& known) const {
  const json tree = {{"origin", log.origin},
                     {"address", log.address},
                     {"verifier_key", known.verifier_key},
                     {"note", known.note}};
  return WritePrivateFile(PathOf(log),
                          tree.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

absl::Status LogMemory::Forget(const Log& log) const {
  std::error_code error;
  if (std::filesystem::remove(PathOf(log), error)) return absl::OkStatus();
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot delete ", PathOf(log).string(), ": ", error.message()));
  }
  return absl::NotFoundError(
      absl::StrCat("nothing is remembered of the log ", log.origin, " at ", log.address));
}

std::vector<std::string> LogMemory::Keys(const std::string& origin) const {
  std::vector<std::string> keys;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder_, error)) {
    absl::StatusOr<std::string> text = ReadFile(file.path());
    if (!text.ok()) continue;
    const json tree = json::parse(*text, nullptr, false);
    if (TextAt(tree, "origin") == origin) keys.push_back(TextAt(tree, "verifier_key"));
  }
  return keys;
}

}  // namespace sockel::cli
