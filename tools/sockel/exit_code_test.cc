#include "tools/sockel/exit_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/error/error.h"

namespace sockel::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ExitCodeTest, EveryKindOfFailureHasItsNumber) {
  const std::pair<absl::Status, int> cases[] = {
      {absl::OkStatus(), 0},
      {absl::InternalError(""), 1},
      {absl::UnauthenticatedError(""), 3},
      {absl::PermissionDeniedError(""), 4},
      {absl::NotFoundError(""), 5},
      {absl::InvalidArgumentError(""), 6},
      {absl::OutOfRangeError(""), 6},
      {absl::AlreadyExistsError(""), 7},
      {absl::AbortedError(""), 7},
      {absl::FailedPreconditionError(""), 7},
      {absl::UnavailableError(""), 8},
      {absl::DeadlineExceededError(""), 8},
      {absl::ResourceExhaustedError(""), 8},
      {absl::DataLossError(""), 9},
  };
  for (const auto& [status, code] : cases) {
    EXPECT_EQ(static_cast<int>(ExitCodeFor(status)), code) << status;
  }
}

TEST(ExplainTest, SaysTheReasonTheFieldsAndWhatToDo) {
  absl::Status status = error::InvalidField("user.login", "must start with a letter");
  error::AddFieldViolation(status, "user.email_address", "must be an address");
  const std::string text = Explain(status);
  EXPECT_THAT(text, HasSubstr("FIELD_INVALID"));
  EXPECT_THAT(text, HasSubstr("field user.login: must start with a letter"));
  EXPECT_THAT(text, HasSubstr("field user.email_address: must be an address"));
  EXPECT_THAT(Explain(absl::UnauthenticatedError("x")), HasSubstr("next: sign in: sockel login"));
}

TEST(ExplainTest, NamesTheMissingPermission) {
  const std::string text =
      Explain(error::Make(absl::StatusCode::kPermissionDenied, "PERMISSION_MISSING", "no",
                          {{"permission", "efile.dossiers.close"}}));
  EXPECT_THAT(text, HasSubstr("permission: efile.dossiers.close"));
  EXPECT_THAT(text, HasSubstr("administrator"));
}

TEST(ExplainTest, DoesNotSendPeopleToTheirAdministratorForNothing) {
  EXPECT_THAT(Explain(error::Make(absl::StatusCode::kPermissionDenied, "OWN_ORDER", "no")),
              Not(HasSubstr("administrator")));
}

TEST(ExplainTest, ListsWhatStandsInTheWay) {
  absl::Status status = error::FailedPrecondition("DOSSIER_NOT_CLOSABLE", "no");
  error::AddPrecondition(status, "UPLOAD", "tenants/smi/uploads/1", "is not finished");
  EXPECT_THAT(Explain(status), HasSubstr("tenants/smi/uploads/1: is not finished"));
}

TEST(ExplainTest, SaysWhenToComeBack) {
  absl::Status status = absl::ResourceExhaustedError("busy");
  error::SetRetryAfter(status, absl::Milliseconds(1500));
  EXPECT_THAT(Explain(status), HasSubstr("try again in 2s"));
}

TEST(ExplainTest, AFullStoreIsTheOperatorsAffair) {
  const std::string text = Explain(error::Make(absl::StatusCode::kResourceExhausted,
                                               error::CommonReason::STORAGE_FULL, "no space left"));
  EXPECT_THAT(text, HasSubstr("next: tell the operator"));
  EXPECT_THAT(text, Not(HasSubstr("try again")));
  EXPECT_THAT(Explain(absl::ResourceExhaustedError("too large")), Not(HasSubstr("next:")));
}

TEST(ExplainTest, WhoseCodeIsUsedNeedsAnotherOne) {
  const std::string text = Explain(
      error::Make(absl::StatusCode::kUnauthenticated, "ACTIVATION_CODE_INVALID", "used or wrong"));
  EXPECT_THAT(text, HasSubstr("new code"));
  EXPECT_THAT(text, Not(HasSubstr("sign in")));
}

TEST(ExplainTest, ACommandMayKnowBetterWhatToDoNext) {
  const absl::Status status =
      WithNextStep(absl::DeadlineExceededError("not yet"), "give it \x1bmore time");
  EXPECT_THAT(Explain(status), HasSubstr("next: give it  more time"));
  EXPECT_THAT(Explain(status), Not(HasSubstr("--timeout")));
  EXPECT_EQ(static_cast<int>(ExitCodeFor(status)), 8);
}

TEST(ExplainTest, ProgramsGetTheSameAsJson) {
  const auto tree =
      nlohmann::json::parse(ExplainJson(error::InvalidField("user.login", "must be short")));
  EXPECT_EQ(tree["error"]["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(tree["error"]["reason"], "FIELD_INVALID");
  EXPECT_EQ(tree["error"]["fields"]["user.login"], "must be short");
}

TEST(ExplainTest, ANameThatIsNoTextIsToldAllTheSame) {
  const auto tree = nlohmann::json::parse(ExplainJson(absl::NotFoundError("cannot read \xff.pdf")));
  EXPECT_EQ(tree["error"]["message"], "cannot read \ufffd.pdf");
}

TEST(ExplainTest, ANameDoesNotSteerTheTerminal) {
  EXPECT_THAT(Explain(absl::NotFoundError("a\x1b[31mb")), HasSubstr("a [31mb"));
}

}  // namespace
}  // namespace sockel::cli
