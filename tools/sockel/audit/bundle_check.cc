#include "tools/sockel/audit/bundle_check.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "common/ledger/verify.h"
#include "tools/sockel/audit/log_memory.h"

namespace sockel::cli {

absl::StatusOr<audit::v1::EvidenceBundle> ParseBundle(const std::string& json,
                                                      const std::string& what) {
  audit::v1::EvidenceBundle bundle;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &bundle);
  if (status.ok()) return bundle;
  return absl::InvalidArgumentError(
      absl::StrCat(what, " is no evidence bundle: ", std::string(status.message())));
}

absl::StatusOr<BundleVerdict> CheckBundle(const audit::v1::EvidenceBundle& bundle,
                                          const std::string& verifier_key,
                                          const ProfileStore& store) {
  const std::string origin =
      bundle.checkpoint().note().substr(0, bundle.checkpoint().note().find('\n'));
  std::string believed = verifier_key;
  if (believed.empty()) {
    const auto known = LogMemory(store.folder()).Recall(origin);
    if (known.has_value()) believed = known->verifier_key;
  }
  const bool confirmed = !believed.empty();
  if (!confirmed) believed = bundle.checkpoint().verifier_key();
  absl::StatusOr<ledger::VerifierKey> key = ledger::VerifierKey::Parse(believed);
  if (!key.ok()) return key.status();
  absl::StatusOr<ledger::CheckpointBody> checkpoint = ledger::VerifyBundle(bundle, *key);
  if (!checkpoint.ok()) return checkpoint.status();
  return BundleVerdict{*checkpoint, believed, confirmed};
}

}  // namespace sockel::cli
