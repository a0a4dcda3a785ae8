#include "services/catalog/provisioning/progress.h"

#include <gtest/gtest.h>

namespace sockel::catalog {
namespace {

using provisioner::v1::Operation;

std::vector<Step> Steps(std::initializer_list<StepState> states) {
  std::vector<Step> steps;
  for (StepState state : states) steps.push_back({.service = "s", .state = state});
  return steps;
}

constexpr StepState P = StepState::kPending;
constexpr StepState R = StepState::kRunning;
constexpr StepState S = StepState::kSucceeded;
constexpr StepState F = StepState::kFailed;
constexpr StepState D = StepState::kDeprovisioned;

TEST(NextActionTest, WalksTheStepsInOrder) {
  EXPECT_EQ(NextAction(Steps({P, P}), false), (Action{Action::kProvision, 0}));
  EXPECT_EQ(NextAction(Steps({S, P}), false), (Action{Action::kProvision, 1}));
  EXPECT_EQ(NextAction(Steps({S, S}), false), (Action{Action::kComplete}));
}

TEST(NextActionTest, AsksWhatBecameOfAStepWhoseAnswerIsOutstanding) {
  EXPECT_EQ(NextAction(Steps({S, R, P}), false), (Action{Action::kQuery, 1}));
}

TEST(NextActionTest, TakesBackFromTheEndWhatMayExist) {
  EXPECT_EQ(NextAction(Steps({S, F, P}), true), (Action{Action::kDeprovision, 1}));
  EXPECT_EQ(NextAction(Steps({S, D, P}), true), (Action{Action::kDeprovision, 0}));
  EXPECT_EQ(NextAction(Steps({D, D, P}), true), (Action{Action::kFail}));
}

TEST(NextActionTest, TakesBackARunningStepToo) {
  EXPECT_EQ(NextAction(Steps({R}), true), (Action{Action::kDeprovision, 0}));
}

TEST(InterpretTest, TellsFinalRefusalsFromPassingTrouble) {
  const struct {
    absl::Status status;
    Outcome::Kind kind;
  } cases[] = {
      {absl::InvalidArgumentError("x"), Outcome::kFailed},
      {absl::AlreadyExistsError("x"), Outcome::kFailed},
      {absl::PermissionDeniedError("x"), Outcome::kFailed},
      {absl::UnavailableError("x"), Outcome::kRetry},
      {absl::DeadlineExceededError("x"), Outcome::kRetry},
      {absl::ResourceExhaustedError("x"), Outcome::kRetry},
      {absl::UnauthenticatedError("x"), Outcome::kRetry},
      {absl::InternalError("x"), Outcome::kRetry},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Interpret(c.status).kind, c.kind) << c.status.ToString();
    EXPECT_EQ(Interpret(c.status).error, "x");
  }
}

TEST(InterpretTest, TakesOverOutputsAndPollInterval) {
  Operation done;
  done.set_state(Operation::SUCCEEDED);
  (*done.mutable_outputs())["tenant"] = "tenants/smi";
  EXPECT_EQ(Interpret(done).kind, Outcome::kSucceeded);
  EXPECT_EQ(Interpret(done).outputs.at("tenant"), "tenants/smi");

  Operation running;
  running.set_state(Operation::IN_PROGRESS);
  running.set_poll_after_seconds(100000);
  EXPECT_EQ(Interpret(running).kind, Outcome::kInProgress);
  EXPECT_EQ(Interpret(running).retry_after, absl::Minutes(5));
}

TEST(InterpretTest, AnAnswerWithoutAStateIsAskedAgain) {
  EXPECT_EQ(Interpret(Operation()).kind, Outcome::kRetry);
}

TEST(BackoffTest, DoublesUpToFiveMinutes) {
  EXPECT_EQ(Backoff(1), absl::Seconds(1));
  EXPECT_EQ(Backoff(2), absl::Seconds(2));
  EXPECT_EQ(Backoff(8), absl::Seconds(128));
  EXPECT_EQ(Backoff(100), absl::Minutes(5));
}

TEST(StepStateTest, SurvivesTheWayThroughText) {
  for (StepState state : {P, R, S, F, D}) EXPECT_EQ(StepStateFrom(ToString(state)), state);
}

}  // namespace
}  // namespace sockel::catalog
