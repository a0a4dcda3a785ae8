#include "services/efile/dossiers/rules.h"

#include <gtest/gtest.h>

#include "common/error/error.h"

namespace sockel::efile {
namespace {

using absl::CivilDay;

TEST(RetentionEndTest, IsTheSameDayYearsLater) {
  EXPECT_EQ(RetentionEnd(CivilDay(2025, 3, 14), 10), CivilDay(2035, 3, 14));
  EXPECT_EQ(RetentionEnd(CivilDay(2024, 12, 31), 1), CivilDay(2025, 12, 31));
  EXPECT_EQ(RetentionEnd(CivilDay(2024, 2, 29), 4), CivilDay(2028, 2, 29));
}

TEST(RetentionEndTest, IsTheLastDayOfTheMonthWhereTheDayIsMissing) {
  EXPECT_EQ(RetentionEnd(CivilDay(2024, 2, 29), 1), CivilDay(2025, 2, 28));
  EXPECT_EQ(RetentionEnd(CivilDay(2024, 2, 29), 76), CivilDay(2100, 2, 28));
}

TEST(CheckRetentionTest, WantsAPeriodAndADisposition) {
  v1::Retention retention;
  retention.set_disposition(v1::Retention::ARCHIVE);
  EXPECT_FALSE(CheckRetention(retention, "r").ok());
  for (int years : {1, 10, 200}) {
    retention.set_years(years);
    EXPECT_TRUE(CheckRetention(retention, "r").ok()) << years;
  }
  for (int years : {-1, 0, 201}) {
    retention.set_years(years);
    EXPECT_FALSE(CheckRetention(retention, "r").ok()) << years;
  }
  retention.set_unlimited(true);
  EXPECT_TRUE(CheckRetention(retention, "r").ok());
  retention.set_unlimited(false);
  EXPECT_FALSE(CheckRetention(retention, "r").ok());
  retention.set_years(5);
  retention.clear_disposition();
  EXPECT_FALSE(CheckRetention(retention, "r").ok());
}

class ApplyUpdateTest : public ::testing::Test {
 protected:
  ApplyUpdateTest() {
    dossier_.set_subject("before");
    dossier_.set_confidentiality(v1::Dossier::PUBLIC);
  }
  v1::UpdateDossierRequest request_;
  v1::Dossier dossier_;
};

TEST_F(ApplyUpdateTest, WithoutMaskTakesWhatIsSet) {
  request_.mutable_dossier()->set_subject("after");
  ASSERT_TRUE(ApplyUpdate(request_, dossier_).ok());
  EXPECT_EQ(dossier_.subject(), "after");
  EXPECT_EQ(dossier_.confidentiality(), v1::Dossier::PUBLIC);
}

TEST_F(ApplyUpdateTest, WithMaskTakesThatAlone) {
  request_.mutable_dossier()->set_subject("after");
  request_.mutable_update_mask()->add_paths("confidentiality");
  ASSERT_TRUE(ApplyUpdate(request_, dossier_).ok());
  EXPECT_EQ(dossier_.subject(), "before");
  EXPECT_EQ(dossier_.confidentiality(), v1::Dossier::INTERNAL);
}

TEST_F(ApplyUpdateTest, AStarReplacesEverything) {
  request_.mutable_update_mask()->add_paths("*");
  EXPECT_FALSE(ApplyUpdate(request_, dossier_).ok());  // the subject would be empty
  request_.mutable_dossier()->set_subject("after");
  ASSERT_TRUE(ApplyUpdate(request_, dossier_).ok());
  EXPECT_EQ(dossier_.confidentiality(), v1::Dossier::INTERNAL);
}

TEST_F(ApplyUpdateTest, RefusesPathsThatAreUnknownOrFixed) {
  for (const char* path : {"reference", "state", "file_plan_entry", "nonsense", ""}) {
    v1::UpdateDossierRequest request;
    request.mutable_update_mask()->add_paths(path);
    absl::Status status = ApplyUpdate(request, dossier_);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << path;
    EXPECT_EQ(error::ReasonOf(status), "FIELD_INVALID");
  }
}

}  // namespace
}  // namespace sockel::efile
