#include "services/catalog/offerings/offerings.h"

#include <google/protobuf/util/message_differencer.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/error/payload.h"
#include "services/catalog/catalog_fixture.h"

namespace sockel::catalog {
namespace {

using OfferingsTest = CatalogTest;

absl::StatusOr<v1::Offering> Get(Offerings& offerings, const Caller& caller,
                                 const std::string& id) {
  v1::GetOfferingRequest request;
  request.set_name("offerings/" + id);
  return offerings.Get(caller, request);
}

TEST_F(OfferingsTest, ADraftIsSeenByTheProviderOnly) {
  ASSERT_TRUE(CreateOffering("efile").ok());
  EXPECT_EQ(Get(offerings_, Provider(), "efile")->state(), v1::Offering::DRAFT);
  EXPECT_EQ(Get(offerings_, Ministry(), "efile").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(offerings_.List(Ministry(), {})->offerings_size(), 0);
}

TEST_F(OfferingsTest, APublishedOneIsSeenByEveryTenantAtOnce) {
  PublishEfile();
  EXPECT_EQ(Get(offerings_, Ministry(), "efile")->title(), "E-Akte");
  EXPECT_EQ(offerings_.List(Ministry("smf"), {})->offerings_size(), 1);
}

TEST_F(OfferingsTest, NeedsAPlanToBePublished) {
  ASSERT_TRUE(CreateOffering("efile").ok());
  EXPECT_EQ(error::ReasonOf(Publish("efile").status()), "OFFERING_WITHOUT_PLAN");
}

TEST_F(OfferingsTest, APublishedOneTakesNoMorePlans) {
  PublishEfile();
  EXPECT_EQ(error::ReasonOf(CreatePlan("efile", "large").status()), "OFFERING_NOT_DRAFT");
}

TEST_F(OfferingsTest, RefusesATakenIdAndAStaleEtag) {
  ASSERT_TRUE(CreateOffering("efile").ok());
  EXPECT_EQ(CreateOffering("efile").status().code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(CreatePlan("efile").ok());
  v1::PublishOfferingRequest request;
  request.set_name("offerings/efile");
  request.set_etag("99");
  EXPECT_EQ(offerings_.Publish(Provider(), request).status().code(), absl::StatusCode::kAborted);
}

TEST_F(OfferingsTest, AMinistryCannotWriteEvenIfAuthorisationWereForgotten) {
  v1::CreateOfferingRequest request;
  request.set_offering_id("mine");
  request.mutable_offering()->set_title("Mine");
  EXPECT_FALSE(offerings_.Create(Ministry(), request).ok());
  EXPECT_EQ(Get(offerings_, Provider(), "mine").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(OfferingsTest, PagesThroughAllOfThemOnce) {
  for (const char* id : {"a1", "b1", "c1"}) ASSERT_TRUE(CreateOffering(id).ok());
  v1::ListOfferingsRequest request;
  request.set_page_size(2);
  auto first = offerings_.List(Provider(), request);
  ASSERT_EQ(first->offerings_size(), 2);
  request.set_page_token(first->next_page_token());
  auto second = offerings_.List(Provider(), request);
  ASSERT_EQ(second->offerings_size(), 1);
  EXPECT_EQ(second->offerings(0).name(), "offerings/c1");
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(OfferingsTest, APlanComesBackAsItWasWritten) {
  ASSERT_TRUE(CreateOffering("efile").ok());
  auto made = CreatePlan("efile");
  ASSERT_TRUE(made.ok()) << made.status();
  v1::GetPlanRequest request;
  request.set_name("offerings/efile/plans/standard");
  auto read = offerings_.GetPlan(Provider(), request);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*read, *made));
  EXPECT_EQ(read->steps(1).service(), "efile");
  EXPECT_EQ(read->monthly_price().units(), 100);
}

TEST_F(OfferingsTest, ADraftsPlanIsSeenByTheProviderOnly) {
  ASSERT_TRUE(CreateOffering("efile").ok());
  ASSERT_TRUE(CreatePlan("efile").ok());
  v1::GetPlanRequest request;
  request.set_name("offerings/efile/plans/standard");
  EXPECT_TRUE(offerings_.GetPlan(Provider(), request).ok());
  EXPECT_EQ(offerings_.GetPlan(Ministry(), request).status().code(), absl::StatusCode::kNotFound);
}

// `activation` is the catalog's own step, and would be done twice.
TEST_F(OfferingsTest, RefusesStepsThatNobodyCanDo) {
  ASSERT_TRUE(CreateOffering("efile").ok());
  for (const char* service : {"notifcation", "activation"}) {
    v1::CreatePlanRequest request = PlanRequest("efile", "standard");
    request.mutable_plan()->add_steps()->set_service(service);
    const absl::Status status = offerings_.CreatePlan(Provider(), request).status();
    EXPECT_EQ(error::ReasonOf(status), "FIELD_INVALID") << service;
    const auto details = error::internal::GetPayload<google::rpc::BadRequest>(status);
    ASSERT_TRUE(details.has_value()) << service;
    EXPECT_EQ(details->field_violations(0).field(), "plan.steps[2].service");
  }
}

TEST_F(OfferingsTest, RefusesASchemaThatIsTooLarge) {
  ASSERT_TRUE(CreateOffering("efile").ok());
  v1::CreatePlanRequest request = PlanRequest("efile", "standard");
  *request.mutable_plan()->mutable_parameters_schema() =
      StructOf("description", kMostParameterBytes + 1);
  EXPECT_EQ(error::ReasonOf(offerings_.CreatePlan(Provider(), request).status()), "FIELD_INVALID");
  *request.mutable_plan()->mutable_parameters_schema() =
      StructOf("description", kMostParameterBytes);
  EXPECT_TRUE(offerings_.CreatePlan(Provider(), request).ok());
}

TEST_F(OfferingsTest, APageOfPlansFitsIntoAMessageWhateverItsSizeIs) {
  ASSERT_TRUE(CreateOffering("efile").ok());
  for (int i = 0; i < 40; ++i) {
    v1::CreatePlanRequest create = PlanRequest("efile", absl::StrCat("plan-", i));
    *create.mutable_plan()->mutable_parameters_schema() =
        StructOf("description", kMostParameterBytes);
    ASSERT_TRUE(offerings_.CreatePlan(Provider(), create).ok());
  }
  v1::ListPlansRequest request;
  request.set_parent("offerings/efile");
  request.set_page_size(1000);
  std::set<std::string> names;
  int pages = 0;
  do {
    auto page = offerings_.ListPlans(Provider(), request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LT(page->ByteSizeLong(), std::size_t{2} << 20);
    for (const v1::Plan& plan : page->plans()) names.insert(plan.name());
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(names.size(), 40u);
  EXPECT_GT(pages, 1);
}

}  // namespace
}  // namespace sockel::catalog
