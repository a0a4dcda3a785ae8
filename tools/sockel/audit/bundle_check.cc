#include "tools/sockel/audit/bundle_check.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/ledger/verify.h"

namespace sockel::cli {
namespace {

struct Believed {
  std::string key;
  KeySource source;
};

absl::StatusOr<Believed> Choose(const audit::v1::EvidenceBundle& bundle, const KeyChoice& choice,
                                const LogMemory& memory) {
  if (!choice.verifier_key.empty()) return Believed{choice.verifier_key, KeySource::kGiven};
  const std::string& note = bundle.checkpoint().note();
  const std::string& named = bundle.checkpoint().verifier_key();
  const std::string origin = note.substr(0, note.find('\n'));
  const std::vector<std::string> known = memory.Keys(origin);
  if (std::find(known.begin(), known.end(), named) != known.end()) {
    return Believed{named, KeySource::kRemembered};
  }
  if (!known.empty()) {
    return absl::DataLossError(absl::StrCat(
        "it is not signed with the key remembered for the log ", origin, ", but with ", named,
        ". If it comes from another installation, give that log's key, got by another way, with "
        "--verifier-key"));
  }
  if (choice.trust_file_key) return Believed{named, KeySource::kFile};
  return absl::DataLossError(absl::StrCat(
      "nothing says that this is the key of the log ", origin, ": ", named,
      ". It is what the file itself names, and whoever made the file can have made the key. Give "
      "the log's key, got by another way, with --verifier-key; or take the file's own, which "
      "proves nothing about who made it, with --trust-file-key"));
}

}  // namespace

std::string NameOf(KeySource source) {
  switch (source) {
    case KeySource::kGiven:
      return "given";
    case KeySource::kRemembered:
      return "remembered";
    case KeySource::kFile:
      break;
  }
  return "file";
}

absl::StatusOr<audit::v1::EvidenceBundle> ParseBundle(const std::string& json,
                                                      const std::string& what) {
  audit::v1::EvidenceBundle bundle;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &bundle);
  if (status.ok()) return bundle;
  return absl::InvalidArgumentError(
      absl::StrCat(what, " is no evidence bundle: ", std::string(status.message())));
}

absl::StatusOr<BundleVerdict> CheckBundle(const audit::v1::EvidenceBundle& bundle,
                                          const KeyChoice& choice, const LogMemory& memory) {
  absl::StatusOr<Believed> believed = Choose(bundle, choice, memory);
  if (!believed.ok()) return believed.status();
  absl::StatusOr<ledger::VerifierKey> key = ledger::VerifierKey::Parse(believed->key);
  if (!key.ok()) return key.status();
  absl::StatusOr<ledger::CheckpointBody> checkpoint = ledger::VerifyBundle(bundle, *key);
  if (!checkpoint.ok()) return checkpoint.status();
  return BundleVerdict{*checkpoint, believed->key, believed->source};
}

}  // namespace sockel::cli
