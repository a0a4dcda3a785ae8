#include "services/notification/templates/template.h"

#include <charconv>
#include <optional>
#include <utility>

#include "common/clock/timestamp.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "common/paging/page.h"
#include "services/notification/names.h"
#include "services/notification/templates/rendering.h"
#include "services/notification/templates/template_store.h"

namespace sockel::notification {
namespace {

using template_store::StoredTemplate;
using template_store::StoredVersion;

// 0 for `latest`; nothing when no version could be called so.
std::optional<int> VersionNumber(const std::string& id) {
  if (id == "latest") return 0;
  int number = 0;
  const auto [end, fault] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (fault != std::errc() || end != id.data() + id.size() || number < 1 || id[0] == '0') {
    return std::nullopt;
  }
  return number;
}

v1::TemplateVersion ToProtoVersion(const std::string& tenant, const std::string& template_id,
                                   StoredVersion stored) {
  v1::TemplateVersion version = std::move(stored.content);
  version.set_name(TemplateVersionName(tenant, template_id, stored.version));
  *version.mutable_create_time() = ToTimestamp(stored.create_time);
  return version;
}

v1::Template ToProtoTemplate(const std::string& tenant, const StoredTemplate& stored) {
  v1::Template result;
  result.set_name(TemplateName(tenant, stored.template_id));
  result.set_display_name(stored.display_name);
  *result.mutable_create_time() = ToTimestamp(stored.create_time);
  *result.mutable_update_time() = ToTimestamp(stored.update_time);
  return result;
}

// What is stored of a version: what its author wrote.
v1::TemplateVersion Authored(v1::TemplateVersion version) {
  version.clear_name();
  version.clear_create_time();
  return version;
}

void Record(pg::WriteTransaction& tx, const std::string& type, const std::string& name) {
  ledger::Append(tx, {.resource = name});
  events::Emit(tx, {.type = type, .resource = name});
}

}  // namespace

absl::StatusOr<v1::TemplateVersion> FindTemplateVersion(pg::Transaction& tx,
                                                        const std::string& name) {
  const std::vector<std::string> ids = IdsIn(name);
  const std::optional<int> number = VersionNumber(ids[2]);
  if (!number || ids[0] != tx.caller().tenant) return error::NotFound(name);
  std::optional<StoredVersion> stored = template_store::FindVersion(tx, ids[1], *number);
  if (!stored) return error::NotFound(name);
  return ToProtoVersion(ids[0], ids[1], *std::move(stored));
}

absl::StatusOr<v1::Template> Templates::Create(const Caller& caller,
                                               const v1::CreateTemplateRequest& request) {
  const std::string& id = request.template_id();
  const v1::TemplateVersion content = Authored(request.template_().latest());
  absl::Status status = CheckTemplateVersion(content, "template.latest");
  if (!status.ok()) return status;
  return db_.Write(
      caller, "templates.create", [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Template> {
        const std::string& display_name = request.template_().display_name();
        if (!template_store::Insert(tx, id, display_name, content)) {
          return error::AlreadyExists(TemplateName(caller.tenant, id));
        }
        v1::Template created =
            ToProtoTemplate(caller.tenant, {id, display_name, 1, tx.time(), tx.time()});
        *created.mutable_latest() = ToProtoVersion(caller.tenant, id, {1, content, tx.time()});
        Record(tx, "notification.template.created", created.name());
        return created;
      });
}

absl::StatusOr<v1::Template> Templates::Get(const Caller& caller,
                                            const v1::GetTemplateRequest& request) {
  const std::string id = IdsIn(request.name())[1];
  return db_.ReadSnapshot(
      caller, "templates.get", [&](pg::Transaction& tx) -> absl::StatusOr<v1::Template> {
        const std::optional<StoredTemplate> stored = template_store::Find(tx, id);
        if (!stored) return error::NotFound(request.name());
        v1::Template result = ToProtoTemplate(caller.tenant, *stored);
        auto latest = template_store::FindVersion(tx, id, stored->latest_version);
        if (!latest) return error::Internal("a template without its latest version");
        *result.mutable_latest() = ToProtoVersion(caller.tenant, id, *std::move(latest));
        return result;
      });
}

absl::StatusOr<v1::ListTemplatesResponse> Templates::List(const Caller& caller,
                                                          const v1::ListTemplatesRequest& request) {
  const auto after = tokens_.Read(caller, request);
  if (!after.ok()) return after.status();
  const int limit = paging::PageSize(request.page_size(), 20, 100);
  return db_.Read(caller, "templates.list",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListTemplatesResponse> {
                    v1::ListTemplatesResponse response;
                    auto& page = *response.mutable_templates();
                    paging::Rows<v1::Template> found;
                    for (const StoredTemplate& row : template_store::List(tx, *after, limit + 1)) {
                      v1::Template& listed =
                          found.rows.emplace_back(ToProtoTemplate(caller.tenant, row));
                      listed.mutable_latest()->set_name(
                          TemplateVersionName(caller.tenant, row.template_id, row.latest_version));
                    }
                    if (paging::Fill(std::move(found), limit, page)) {
                      const std::string last = IdsIn(page.rbegin()->name())[1];
                      response.set_next_page_token(tokens_.Make(caller, request, last));
                    }
                    return response;
                  });
}

absl::StatusOr<v1::TemplateVersion> Templates::CreateVersion(
    const Caller& caller, const v1::CreateTemplateVersionRequest& request) {
  const std::string id = IdsIn(request.parent())[1];
  const v1::TemplateVersion content = Authored(request.template_version());
  absl::Status status = CheckTemplateVersion(content, "template_version");
  if (!status.ok()) return status;
  return db_.Write(caller, "templates.create_version",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::TemplateVersion> {
                     const std::optional<int> number =
                         template_store::InsertVersion(tx, id, content);
                     if (!number) return error::NotFound(request.parent());
                     v1::TemplateVersion created =
                         ToProtoVersion(caller.tenant, id, {*number, content, tx.time()});
                     Record(tx, "notification.templateVersion.created", created.name());
                     return created;
                   });
}

absl::StatusOr<v1::TemplateVersion> Templates::GetVersion(
    const Caller& caller, const v1::GetTemplateVersionRequest& request) {
  return db_.Read(caller, "templates.get_version",
                  [&](pg::Transaction& tx) { return FindTemplateVersion(tx, request.name()); });
}

absl::StatusOr<v1::PreviewTemplateResponse> Templates::Preview(
    const Caller& caller, const v1::PreviewTemplateRequest& request) {
  const auto version = db_.Read(caller, "templates.preview", [&](pg::Transaction& tx) {
    return FindTemplateVersion(tx, request.name());
  });
  if (!version.ok()) return version.status();
  absl::Status status = CheckParameters(*version, request.parameters(), "parameters");
  if (!status.ok()) return status;
  auto rendered = Render(*version, request.parameters(), request.locale());
  if (!rendered.ok()) return rendered.status();
  v1::PreviewTemplateResponse response;
  *response.mutable_content() = std::move(rendered->content);
  response.set_locale(rendered->locale);
  return response;
}

}  // namespace sockel::notification
