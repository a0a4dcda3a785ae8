#include "services/efile/dossiers/dossiers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "common/paging/page.h"
#include "services/efile/dossiers/rules.h"
#include "services/efile/names.h"

namespace sockel::efile {
namespace {

// Of uploads that keep a dossier from being closed: as many as fit into the
// metadata of an answer.
constexpr int kMostUploadsNamed = 15;

void Record(pg::WriteTransaction& tx, const v1::Dossier& dossier, std::string event,
            std::map<std::string, std::string> details = {}) {
  ledger::Append(tx, {.resource = dossier.name(), .details = details});
  events::Emit(tx, {.type = std::move(event),
                    .resource = dossier.name(),
                    .attributes = {{"reference", dossier.reference()}}});
}

// The filters as the store wants them; INVALID_ARGUMENT for an unknown order.
absl::StatusOr<DossierQuery> QueryFrom(const Caller& caller,
                                       const v1::ListDossiersRequest& request) {
  DossierQuery query;
  if (request.state() != v1::Dossier::STATE_UNSPECIFIED) query.state = request.state();
  if (!request.file_plan_entry().empty()) {
    query.code = FilePlanCodeIn(caller, request.file_plan_entry());
    if (!query.code) {
      return error::InvalidField("file_plan_entry", "must be an entry of the same tenant");
    }
  }
  if (request.order_by() == "create_time") {
    query.order = DossierQuery::Order::kOldestFirst;
  } else if (!request.order_by().empty() && request.order_by() != "create_time desc") {
    return error::InvalidField("order_by", "must be `create_time` or `create_time desc`");
  }
  return query;
}

}  // namespace

absl::Status DossierClosed(const std::string& name) {
  return error::FailedPrecondition("DOSSIER_CLOSED",
                                   "The dossier is closed; nothing in it can be changed.",
                                   {{"resource", name}});
}

absl::StatusOr<v1::Dossier> Dossiers::Create(const Caller& caller,
                                             const v1::CreateDossierRequest& request) {
  const v1::Dossier& given = request.dossier();
  const auto code = FilePlanCodeIn(caller, given.file_plan_entry());
  if (!code) {
    return error::InvalidField("dossier.file_plan_entry",
                               "must be `tenants/{tenant}/filePlanEntries/{code}` of the tenant");
  }
  NewDossier dossier{.code = *code, .subject = given.subject()};
  if (given.confidentiality() != v1::Dossier::CONFIDENTIALITY_UNSPECIFIED) {
    dossier.confidentiality = given.confidentiality();
  }
  return db_.Write(
      caller, "dossiers.create", [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Dossier> {
        dossier.id = ids::NewUuidV7(tx.time());
        dossier.year = static_cast<int>(absl::ToCivilYear(tx.time(), zone_).year());
        auto created = store_.Insert(tx, dossier);
        if (!created) return WhyNotCreated(tx, *code, given.file_plan_entry());
        Record(tx, *created, "efile.dossier.created", {{"reference", created->reference()}});
        return *created;
      });
}

absl::Status Dossiers::WhyNotCreated(pg::Transaction& tx, const std::string& code,
                                     const std::string& entry_name) const {
  if (!file_plan_.Get(tx, code)) return error::NotFound(entry_name);
  return error::FailedPrecondition("FILE_PLAN_ENTRY_RETIRED",
                                   "The file plan entry is retired: choose another one.",
                                   {{"resource", entry_name}});
}

absl::StatusOr<v1::Dossier> Dossiers::Get(const Caller& caller,
                                          const v1::GetDossierRequest& request) {
  const auto id = DossierIdIn(caller, request.name());
  if (!id) return error::NotFound(request.name());
  return db_.Read(caller, "dossiers.get", [&](pg::Transaction& tx) -> absl::StatusOr<v1::Dossier> {
    auto dossier = store_.Get(tx, *id);
    if (dossier) return *dossier;
    return error::NotFound(request.name());
  });
}

absl::StatusOr<v1::ListDossiersResponse> Dossiers::List(const Caller& caller,
                                                        const v1::ListDossiersRequest& request) {
  absl::StatusOr<DossierQuery> query = QueryFrom(caller, request);
  if (!query.ok()) return query.status();
  absl::StatusOr<std::string> after = tokens_.Read(caller, request);
  if (!after.ok()) return after.status();
  if (!request.reference().empty()) return ListOne(caller, request.reference(), *query);
  const int limit = paging::PageSize(request.page_size());
  query->after = *after;
  query->limit = limit + 1;
  return db_.Read(caller, "dossiers.list",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListDossiersResponse> {
                    v1::ListDossiersResponse response;
                    paging::Rows<v1::Dossier> found{store_.List(tx, *query)};
                    if (paging::Fill(std::move(found), limit, *response.mutable_dossiers())) {
                      const auto last = DossierIdIn(caller, response.dossiers().rbegin()->name());
                      response.set_next_page_token(tokens_.Make(caller, request, *last));
                    }
                    return response;
                  });
}

absl::StatusOr<v1::ListDossiersResponse> Dossiers::ListOne(const Caller& caller,
                                                           const std::string& reference,
                                                           const DossierQuery& query) {
  return db_.Read(caller, "dossiers.list_by_reference",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListDossiersResponse> {
                    v1::ListDossiersResponse response;
                    auto dossier = store_.GetByReference(tx, reference);
                    const bool wanted =
                        dossier && (!query.state || *query.state == dossier->state()) &&
                        (!query.code || FilePlanEntryName(caller.tenant, *query.code) ==
                                            dossier->file_plan_entry());
                    if (wanted) *response.add_dossiers() = *std::move(dossier);
                    return response;
                  });
}

absl::StatusOr<v1::Dossier> Dossiers::Update(const Caller& caller,
                                             const v1::UpdateDossierRequest& request) {
  const std::string& name = request.dossier().name();
  const auto id = DossierIdIn(caller, name);
  if (!id) return error::NotFound(name);
  return db_.Write(
      caller, "dossiers.update", [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Dossier> {
        auto dossier = store_.GetForUpdate(tx, *id);
        if (!dossier) return error::NotFound(name);
        absl::Status status = error::CheckEtag(request.dossier().etag(), dossier->etag(), name);
        if (!status.ok()) return status;
        if (dossier->state() != v1::Dossier::OPEN) return DossierClosed(name);
        if (status = ApplyUpdate(request, *dossier); !status.ok()) return status;
        Record(tx, *dossier, "efile.dossier.updated");
        return store_.Update(tx, *id, *dossier);
      });
}

absl::StatusOr<v1::Dossier> Dossiers::Close(const Caller& caller,
                                            const v1::CloseDossierRequest& request) {
  const auto id = DossierIdIn(caller, request.name());
  if (!id) return error::NotFound(request.name());
  return db_.Write(
      caller, "dossiers.close", [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Dossier> {
        auto dossier = store_.GetForUpdate(tx, *id);
        if (!dossier) return error::NotFound(request.name());
        absl::Status status = error::CheckEtag(request.etag(), dossier->etag(), request.name());
        if (status.ok()) status = CheckClosable(tx, *id, *dossier);
        if (!status.ok()) return status;
        const FiledDocuments documents = store_.DocumentsOf(tx, *id);
        // We may have waited for a document whose time is later than ours.
        const absl::Time time = std::max(tx.time(), documents.newest);
        std::optional<absl::CivilDay> end;
        if (auto years = dossier->retention().years(); years > 0) {
          end = RetentionEnd(absl::ToCivilDay(time, zone_), years);
        }
        // No document comes in any more: with their number the log
        // proves, years later, that none is missing.
        Record(tx, *dossier, "efile.dossier.closed",
               {{"documents", std::to_string(documents.count)}});
        return store_.Close(tx, *id, time, end);
      });
}

absl::Status Dossiers::CheckClosable(pg::Transaction& tx, const std::string& id,
                                     const v1::Dossier& dossier) const {
  if (dossier.state() != v1::Dossier::OPEN) return DossierClosed(dossier.name());
  const UnfinishedUploads uploads = store_.ListUnfinishedUploads(tx, id, kMostUploadsNamed);
  if (uploads.count == 0) return absl::OkStatus();
  absl::Status status = error::FailedPrecondition(
      "DOSSIER_NOT_CLOSABLE", absl::StrCat("The dossier cannot be closed: ", uploads.count,
                                           " upload(s) are neither filed nor cancelled."));
  for (const std::string& upload : uploads.names) {
    error::AddPrecondition(status, "UPLOAD_UNFINISHED", upload,
                           "File it with CreateDocument, or cancel it.");
  }
  const std::int64_t more = uploads.count - static_cast<std::int64_t>(uploads.names.size());
  if (more > 0) {
    error::AddPrecondition(status, "UPLOAD_UNFINISHED", dossier.name(),
                           absl::StrCat("And ", more, " more of its uploads."));
  }
  return status;
}

}  // namespace sockel::efile
