#include "services/efile/file_plan/file_plan.h"

#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "services/efile/dossiers/rules.h"
#include "services/efile/names.h"

namespace sockel::efile {

std::optional<v1::FilePlanEntry> AddFilePlanEntry(pg::WriteTransaction& tx,
                                                  const FilePlanStore& store,
                                                  const std::string& code,
                                                  const v1::FilePlanEntry& entry) {
  std::optional<v1::FilePlanEntry> added = store.Insert(tx, code, entry);
  if (!added) return std::nullopt;
  ledger::Append(tx, {.resource = added->name()});
  events::Emit(tx, {.type = "efile.filePlanEntry.created", .resource = added->name()});
  return added;
}

absl::StatusOr<v1::FilePlanEntry> FilePlan::Create(const Caller& caller,
                                                   const v1::CreateFilePlanEntryRequest& request) {
  const v1::FilePlanEntry& entry = request.file_plan_entry();
  absl::Status valid = CheckRetention(entry.retention(), "file_plan_entry.retention");
  if (!valid.ok()) return valid;
  const std::string& code = request.file_plan_entry_id();
  return db_.Write(caller, "file_plan_entries.create",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::FilePlanEntry> {
                     auto added = AddFilePlanEntry(tx, store_, code, entry);
                     if (added) return *added;
                     return error::AlreadyExists(FilePlanEntryName(caller.tenant, code));
                   });
}

absl::StatusOr<v1::FilePlanEntry> FilePlan::Get(const Caller& caller,
                                                const v1::GetFilePlanEntryRequest& request) {
  const auto code = FilePlanCodeIn(caller, request.name());
  if (!code) return error::NotFound(request.name());
  return db_.Read(caller, "file_plan_entries.get",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::FilePlanEntry> {
                    auto entry = store_.Get(tx, *code);
                    if (entry) return *entry;
                    return error::NotFound(request.name());
                  });
}

absl::StatusOr<v1::ListFilePlanEntriesResponse> FilePlan::List(
    const Caller& caller, const v1::ListFilePlanEntriesRequest& request) {
  absl::StatusOr<std::string> after = tokens_.Read(caller, request);
  if (!after.ok()) return after.status();
  const int limit = paging::PageSize(request.page_size());
  return db_.Read(caller, "file_plan_entries.list",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListFilePlanEntriesResponse> {
                    v1::ListFilePlanEntriesResponse response;
                    for (v1::FilePlanEntry& entry : store_.List(tx, *after, limit + 1)) {
                      if (response.file_plan_entries_size() == limit) {
                        const std::string& last = response.file_plan_entries(limit - 1).code();
                        response.set_next_page_token(tokens_.Make(caller, request, last));
                        break;
                      }
                      *response.add_file_plan_entries() = std::move(entry);
                    }
                    return response;
                  });
}

absl::StatusOr<v1::FilePlanEntry> FilePlan::Retire(const Caller& caller,
                                                   const v1::RetireFilePlanEntryRequest& request) {
  const auto code = FilePlanCodeIn(caller, request.name());
  if (!code) return error::NotFound(request.name());
  return db_.Write(
      caller, "file_plan_entries.retire",
      [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::FilePlanEntry> {
        const auto entry = store_.GetForUpdate(tx, *code);
        if (!entry) return error::NotFound(request.name());
        absl::Status status = error::CheckEtag(request.etag(), entry->etag(), request.name());
        if (!status.ok()) return status;
        if (entry->state() == v1::FilePlanEntry::RETIRED) return *entry;
        ledger::Append(tx, {.resource = entry->name()});
        events::Emit(tx, {.type = "efile.filePlanEntry.retired", .resource = entry->name()});
        return store_.Retire(tx, *code);
      });
}

}  // namespace sockel::efile
