#pragma once

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "services/efile/file_plan/file_plan_store.h"

namespace sockel::efile {

// Use cases of the file plan; errors as documented in file_plan.proto.
class FilePlan {
 public:
  FilePlan(pg::Database& db, const paging::Tokens& tokens) : db_(db), tokens_(tokens) {}

  absl::StatusOr<v1::FilePlanEntry> Create(const Caller& caller,
                                           const v1::CreateFilePlanEntryRequest& request);
  absl::StatusOr<v1::FilePlanEntry> Get(const Caller& caller,
                                        const v1::GetFilePlanEntryRequest& request);
  absl::StatusOr<v1::ListFilePlanEntriesResponse> List(
      const Caller& caller, const v1::ListFilePlanEntriesRequest& request);
  absl::StatusOr<v1::FilePlanEntry> Retire(const Caller& caller,
                                           const v1::RetireFilePlanEntryRequest& request);

 private:
  pg::Database& db_;
  const paging::Tokens& tokens_;
  FilePlanStore store_;
};

// Adds an entry with its audit entry and event, for Create and for
// provisioning. Nothing when the code is taken.
std::optional<v1::FilePlanEntry> AddFilePlanEntry(pg::WriteTransaction& tx,
                                                  const FilePlanStore& store,
                                                  const std::string& code,
                                                  const v1::FilePlanEntry& entry);

}  // namespace sockel::efile
