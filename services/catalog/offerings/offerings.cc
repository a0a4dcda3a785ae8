#include "services/catalog/offerings/offerings.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "services/catalog/names.h"
#include "services/catalog/parameters.h"

namespace sockel::catalog {
namespace {

constexpr char kProvider[] = "provider";

bool IsProvider(const Caller& caller) { return caller.home_tenant == kProvider; }

// Drafts do not exist for anybody but the provider.
bool MaySee(const Caller& caller, v1::Offering::State state) {
  return state != v1::Offering::DRAFT || IsProvider(caller);
}

absl::Status RequireDraft(const v1::Offering& offering) {
  if (offering.state() == v1::Offering::DRAFT) return absl::OkStatus();
  return error::FailedPrecondition(
      "OFFERING_NOT_DRAFT",
      absl::StrCat(offering.name(), " is published already and takes no further change"),
      {{"offering", offering.name()}});
}

absl::Status CheckPrice(const google::type::Money& price) {
  if (price.currency_code() != "EUR" && (price.units() != 0 || price.nanos() != 0)) {
    return error::InvalidField("plan.monthly_price.currency_code", "must be EUR");
  }
  if (price.units() < 0 || price.nanos() < 0 || price.nanos() > 999'999'999) {
    return error::InvalidField("plan.monthly_price", "must not be negative, nanos below 10^9");
  }
  return absl::OkStatus();
}

// A step of a service that nobody can call would fail every order; `activation`
// is not among them: that step is the catalog's own.
absl::Status CheckSteps(const v1::Plan& plan, const std::set<std::string>& services) {
  for (int i = 0; i < plan.steps_size(); ++i) {
    if (services.count(plan.steps(i).service()) != 0) continue;
    return error::InvalidField(absl::StrCat("plan.steps[", i, "].service"),
                               absl::StrCat("must be one of the services that can be provisioned: ",
                                            absl::StrJoin(services, ", ")));
  }
  return absl::OkStatus();
}

absl::Status CheckPlan(const v1::Plan& plan, const std::set<std::string>& services) {
  constexpr char kSchema[] = "plan.parameters_schema";
  if (plan.has_parameters_schema()) {
    if (auto status = CheckSize(plan.parameters_schema(), kSchema); !status.ok()) return status;
    if (auto status = CheckSchema(plan.parameters_schema(), kSchema); !status.ok()) return status;
  }
  if (auto status = CheckPrice(plan.monthly_price()); !status.ok()) return status;
  return CheckSteps(plan, services);
}

void Record(pg::WriteTransaction& tx, const std::string& resource, const std::string& event) {
  ledger::Append(tx, {.resource = resource});
  events::Emit(tx, {.type = event, .resource = resource});
}

}  // namespace

absl::StatusOr<v1::Offering> Offerings::Create(const Caller& caller,
                                               const v1::CreateOfferingRequest& request) {
  return db_.Write(caller, "offerings.create",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Offering> {
                     v1::Offering offering = request.offering();
                     if (offering.kind() == v1::Offering::KIND_UNSPECIFIED) {
                       offering.set_kind(v1::Offering::SERVICE);
                     }
                     if (!store_.Insert(tx, request.offering_id(), offering)) {
                       return error::AlreadyExists(OfferingName(request.offering_id()));
                     }
                     Record(tx, offering.name(), "catalog.offering.created");
                     return offering;
                   });
}

absl::StatusOr<v1::Offering> Offerings::Get(const Caller& caller,
                                            const v1::GetOfferingRequest& request) {
  return db_.Read(caller, "offerings.get",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::Offering> {
                    auto offering = store_.Get(tx, Segment(request.name(), 1));
                    if (!offering || !MaySee(caller, offering->state()))
                      return error::NotFound(request.name());
                    return *std::move(offering);
                  });
}

absl::StatusOr<v1::ListOfferingsResponse> Offerings::List(const Caller& caller,
                                                          const v1::ListOfferingsRequest& request) {
  auto after = tokens_.Read(caller, request);
  if (!after.ok()) return after.status();
  const int limit = paging::PageSize(request.page_size());
  const auto drafts =
      IsProvider(caller) ? OfferingStore::Drafts::kInclude : OfferingStore::Drafts::kLeaveOut;
  return db_.Read(caller, "offerings.list",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListOfferingsResponse> {
                    v1::ListOfferingsResponse response;
                    auto& page = *response.mutable_offerings();
                    if (paging::Fill(store_.List(tx, *after, limit + 1, drafts), limit, page)) {
                      const std::string last = Segment(page.rbegin()->name(), 1);
                      response.set_next_page_token(tokens_.Make(caller, request, last));
                    }
                    return response;
                  });
}

absl::StatusOr<v1::Offering> Offerings::Publish(const Caller& caller,
                                                const v1::PublishOfferingRequest& request) {
  const std::string id = Segment(request.name(), 1);
  return db_.Write(
      caller, "offerings.publish", [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Offering> {
        auto offering = store_.GetForUpdate(tx, id);
        if (!offering) return error::NotFound(request.name());
        absl::Status status = error::CheckEtag(request.etag(), offering->etag(), request.name());
        if (status.ok()) status = RequireDraft(*offering);
        if (!status.ok()) return status;
        if (store_.ListPlans(tx, id, "", 1).rows.empty()) {
          return error::FailedPrecondition("OFFERING_WITHOUT_PLAN",
                                           absl::StrCat(request.name(), " needs at least one plan"),
                                           {{"offering", request.name()}});
        }
        v1::Offering published = store_.Publish(tx, id);
        Record(tx, published.name(), "catalog.offering.published");
        return published;
      });
}

absl::StatusOr<v1::Plan> Offerings::CreatePlan(const Caller& caller,
                                               const v1::CreatePlanRequest& request) {
  const PlanKey key{Segment(request.parent(), 1), request.plan_id()};
  if (auto status = CheckPlan(request.plan(), services_); !status.ok()) return status;
  return db_.Write(caller, "plans.create",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::Plan> {
                     auto offering = store_.GetForUpdate(tx, key.offering_id);
                     if (!offering) return error::NotFound(request.parent());
                     if (absl::Status draft = RequireDraft(*offering); !draft.ok()) return draft;
                     v1::Plan plan = request.plan();
                     if (!store_.InsertPlan(tx, key, plan)) {
                       return error::AlreadyExists(PlanName(key.offering_id, key.plan_id));
                     }
                     Record(tx, plan.name(), "catalog.plan.created");
                     return plan;
                   });
}

absl::StatusOr<v1::Plan> Offerings::GetPlan(const Caller& caller,
                                            const v1::GetPlanRequest& request) {
  const PlanKey key = PlanKeyFrom(request.name());
  return db_.Read(caller, "plans.get", [&](pg::Transaction& tx) -> absl::StatusOr<v1::Plan> {
    auto found = store_.GetPlan(tx, key);
    if (!found || !MaySee(caller, found->state)) return error::NotFound(request.name());
    return std::move(found->plan);
  });
}

absl::StatusOr<v1::ListPlansResponse> Offerings::ListPlans(const Caller& caller,
                                                           const v1::ListPlansRequest& request) {
  auto after = tokens_.Read(caller, request);
  if (!after.ok()) return after.status();
  const int limit = paging::PageSize(request.page_size());
  const std::string id = Segment(request.parent(), 1);
  return db_.Read(caller, "plans.list",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListPlansResponse> {
                    auto offering = store_.Get(tx, id);
                    if (!offering || !MaySee(caller, offering->state())) {
                      return error::NotFound(request.parent());
                    }
                    v1::ListPlansResponse response;
                    auto& page = *response.mutable_plans();
                    if (paging::Fill(store_.ListPlans(tx, id, *after, limit + 1), limit, page)) {
                      const std::string last = Segment(page.rbegin()->name(), 3);
                      response.set_next_page_token(tokens_.Make(caller, request, last));
                    }
                    return response;
                  });
}

}  // namespace sockel::catalog
