#pragma once

#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "services/catalog/offerings/offering_store.h"

// Use cases of offerings and plans.
namespace sockel::catalog {

class Offerings {
 public:
  // `services`: those that can be provisioned.
  Offerings(pg::Database& db, const paging::Tokens& tokens, std::set<std::string> services)
      : db_(db), tokens_(tokens), services_(std::move(services)) {}

  absl::StatusOr<v1::Offering> Create(const Caller& caller,
                                      const v1::CreateOfferingRequest& request);
  absl::StatusOr<v1::Offering> Get(const Caller& caller, const v1::GetOfferingRequest& request);
  absl::StatusOr<v1::ListOfferingsResponse> List(const Caller& caller,
                                                 const v1::ListOfferingsRequest& request);
  absl::StatusOr<v1::Offering> Publish(const Caller& caller,
                                       const v1::PublishOfferingRequest& request);
  absl::StatusOr<v1::Plan> CreatePlan(const Caller& caller, const v1::CreatePlanRequest& request);
  absl::StatusOr<v1::Plan> GetPlan(const Caller& caller, const v1::GetPlanRequest& request);
  absl::StatusOr<v1::ListPlansResponse> ListPlans(const Caller& caller,
                                                  const v1::ListPlansRequest& request);

 private:
  pg::Database& db_;
  const paging::Tokens& tokens_;
  const std::set<std::string> services_;
  OfferingStore store_;
};

}  // namespace sockel::catalog
