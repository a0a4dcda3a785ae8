#pragma once

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "sockel/notification/v1/template.pb.h"

namespace sockel::notification {

// Use cases of TemplateService; the proto says what each does. Thread-safe.
class Templates {
 public:
  Templates(pg::Database& db, const paging::Tokens& tokens) : db_(db), tokens_(tokens) {}

  absl::StatusOr<v1::Template> Create(const Caller& caller,
                                      const v1::CreateTemplateRequest& request);
  absl::StatusOr<v1::Template> Get(const Caller& caller, const v1::GetTemplateRequest& request);
  absl::StatusOr<v1::ListTemplatesResponse> List(const Caller& caller,
                                                 const v1::ListTemplatesRequest& request);
  absl::StatusOr<v1::TemplateVersion> CreateVersion(
      const Caller& caller, const v1::CreateTemplateVersionRequest& request);
  absl::StatusOr<v1::TemplateVersion> GetVersion(const Caller& caller,
                                                 const v1::GetTemplateVersionRequest& request);
  absl::StatusOr<v1::PreviewTemplateResponse> Preview(const Caller& caller,
                                                      const v1::PreviewTemplateRequest& request);

 private:
  pg::Database& db_;
  const paging::Tokens& tokens_;
};

// The version a name points to, `latest` included, within a transaction.
// NOT_FOUND when there is none.
absl::StatusOr<v1::TemplateVersion> FindTemplateVersion(pg::Transaction& tx,
                                                        const std::string& name);

}  // namespace sockel::notification
