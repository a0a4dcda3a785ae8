#include "tools/sockel/audit/log_client.h"

#include "absl/strings/str_cat.h"
#include "common/ledger/verify.h"

namespace sockel::cli {

using audit::v1::AuditService;
using Stub = AuditService::Stub;

LogClient::LogClient(Session& session, std::string service, std::string tenant,
                     std::string verifier_key)
    : session_(session),
      service_(std::move(service)),
      tenant_(std::move(tenant)),
      verifier_key_(std::move(verifier_key)),
      memory_(session.store().folder()) {}

std::string LogClient::origin() const {
  return ledger::Origin(service_, tenant_.substr(tenant_.find('/') + 1));
}

absl::StatusOr<audit::v1::Checkpoint> LogClient::Fetch() {
  audit::v1::GetCheckpointRequest request;
  request.set_parent(tenant_);
  return session_.Call<AuditService>(&Stub::GetCheckpoint, request, service_);
}

absl::StatusOr<LogMemory::Log> LogClient::Log() const {
  absl::StatusOr<Profile> profile = session_.profile();
  if (!profile.ok()) return profile.status();
  return LogMemory::Log{origin(), profile->Endpoint(service_)};
}

absl::StatusOr<std::optional<LogMemory::Known>> LogClient::Recall() const {
  absl::StatusOr<LogMemory::Log> log = Log();
  if (!log.ok()) return log.status();
  return memory_.Recall(*log);
}

absl::Status LogClient::Forget() const {
  absl::StatusOr<LogMemory::Log> log = Log();
  return log.ok() ? memory_.Forget(*log) : log.status();
}

absl::Status LogClient::AtOddsWithMemory(const std::string& what) const {
  absl::StatusOr<LogMemory::Log> log = Log();
  if (!log.ok()) return log.status();
  return absl::DataLossError(absl::StrCat(
      what, ". Remembered is what this machine verified before at ", log->address, ", in ",
      memory_.PathOf(*log).string(),
      ". Only if the service was set up anew on purpose: sockel audit forget ", service_));
}

absl::Status LogClient::OtherKey(const std::string& shown, const std::string& believed) const {
  const std::string what = absl::StrCat("the log ", origin(), " is now signed with ", shown,
                                        ", expected was ", believed);
  if (!verifier_key_.empty()) return absl::DataLossError(what);
  return AtOddsWithMemory(absl::StrCat(
      what, ". If its key was changed, give the new one, got by another way, with --verifier-key"));
}

absl::StatusOr<LogClient::Trust> LogClient::TrustFor(
    const audit::v1::Checkpoint& checkpoint) const {
  absl::StatusOr<std::optional<LogMemory::Known>> recalled = Recall();
  if (!recalled.ok()) return recalled.status();
  const std::optional<LogMemory::Known>& known = *recalled;
  std::string believed = verifier_key_;
  if (believed.empty() && known.has_value()) believed = known->verifier_key;
  const bool confirmed = !believed.empty();
  if (!confirmed) believed = checkpoint.verifier_key();
  if (believed != checkpoint.verifier_key()) return OtherKey(checkpoint.verifier_key(), believed);
  absl::StatusOr<ledger::VerifierKey> key = ledger::VerifierKey::Parse(believed);
  if (!key.ok()) return key.status();
  if (key->name() != origin()) {
    return absl::DataLossError(
        absl::StrCat("the key is that of the log ", key->name(), ", not of ", origin()));
  }
  Trust trust{*key, confirmed, std::nullopt};
  if (!known.has_value()) return trust;
  // By the key of its time: a new one signs the same log.
  absl::StatusOr<ledger::VerifierKey> then = ledger::VerifierKey::Parse(known->verifier_key);
  if (!then.ok()) return AtOddsWithMemory("the key remembered is damaged");
  auto earlier = ledger::OpenCheckpoint(known->note, *then);
  if (!earlier.ok()) return AtOddsWithMemory("the checkpoint remembered is damaged");
  trust.earlier = *earlier;
  return trust;
}

absl::Status LogClient::ForEach(
    const std::string& resource_prefix, std::int64_t size,
    const std::function<absl::Status(const audit::v1::LogEntry&)>& take) {
  audit::v1::ListEntriesRequest request;
  request.set_parent(tenant_);
  request.set_page_size(1000);
  request.set_resource_prefix(resource_prefix);
  do {
    auto page = session_.Call<AuditService>(&Stub::ListEntries, request, service_);
    if (!page.ok()) return page.status();
    for (const audit::v1::LogEntry& entry : page->entries()) {
      if (entry.index() >= size) return absl::OkStatus();
      if (absl::Status taken = take(entry); !taken.ok()) return taken;
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

absl::StatusOr<audit::v1::Proof> LogClient::InclusionProof(std::int64_t index, std::int64_t size) {
  audit::v1::GetInclusionProofRequest request;
  request.set_parent(tenant_);
  request.set_index(index);
  request.set_tree_size(size);
  return session_.Call<AuditService>(&Stub::GetInclusionProof, request, service_);
}

// A log that was once signed with entries cannot become empty.
absl::StatusOr<LogClient::Verdict> LogClient::VerdictOfEmptyLog() const {
  absl::StatusOr<std::optional<LogMemory::Known>> known = Recall();
  if (!known.ok()) return known.status();
  if (!known->has_value()) return Verdict{};
  return AtOddsWithMemory(
      absl::StrCat("the log ", origin(), " is empty, but had entries when it was last verified"));
}

absl::Status LogClient::Audit(const ledger::CheckpointBody& checkpoint, const Trust& trust) {
  ledger::LogAuditor now;
  ledger::LogAuditor since(trust.earlier);
  absl::Status status = ForEach("", checkpoint.size, [&](const audit::v1::LogEntry& entry) {
    const absl::Status added = now.Add(entry);
    return added.ok() ? since.Add(entry) : added;
  });
  // What is signed first: only a log that is sound in itself can be at odds
  // with what is remembered, and then it may be another one.
  if (status.ok()) status = now.Finish(checkpoint);
  if (!status.ok()) return status;
  status = since.Finish(checkpoint);
  return status.ok() ? status : AtOddsWithMemory(std::string(status.message()));
}

absl::StatusOr<LogClient::Verdict> LogClient::Verify() {
  absl::StatusOr<audit::v1::Checkpoint> checkpoint = Fetch();
  if (absl::IsNotFound(checkpoint.status())) return VerdictOfEmptyLog();
  if (!checkpoint.ok()) return checkpoint.status();
  absl::StatusOr<Trust> trust = TrustFor(*checkpoint);
  if (!trust.ok()) return trust.status();
  auto body = ledger::OpenCheckpoint(checkpoint->note(), trust->key);
  if (!body.ok()) return body.status();
  absl::Status status = Audit(*body, *trust);
  if (!status.ok()) return status;
  absl::StatusOr<LogMemory::Log> log = Log();
  if (!log.ok()) return log.status();
  status = memory_.Remember(*log, {trust->key.ToString(), checkpoint->note()});
  if (!status.ok()) return status;
  return Verdict{body->size, trust->earlier.has_value() ? trust->earlier->size : 0,
                 trust->key.ToString(), trust->confirmed};
}

absl::StatusOr<audit::v1::EvidenceBundle> LogClient::Export(const std::string& resource_prefix) {
  absl::StatusOr<audit::v1::Checkpoint> checkpoint = Fetch();
  if (!checkpoint.ok()) return checkpoint.status();
  absl::StatusOr<Trust> trust = TrustFor(*checkpoint);
  if (!trust.ok()) return trust.status();
  auto body = ledger::OpenCheckpoint(checkpoint->note(), trust->key);
  if (!body.ok()) return body.status();
  audit::v1::EvidenceBundle bundle;
  *bundle.mutable_checkpoint() = *checkpoint;
  absl::Status status =
      ForEach(resource_prefix, body->size, [&](const audit::v1::LogEntry& entry) -> absl::Status {
        absl::StatusOr<audit::v1::Proof> proof = InclusionProof(entry.index(), body->size);
        if (!proof.ok()) return proof.status();
        audit::v1::ProvenEntry& proven = *bundle.add_entries();
        *proven.mutable_entry() = entry;
        *proven.mutable_proof() = *std::move(proof);
        return absl::OkStatus();
      });
  if (status.ok()) status = ledger::VerifyBundle(bundle, trust->key).status();
  if (!status.ok()) return status;
  return bundle;
}

}  // namespace sockel::cli
