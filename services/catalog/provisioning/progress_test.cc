#include "services/catalog/provisioning/progress.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "common/error/error.h"

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
constexpr StepState O = StepState::kOrphaned;

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

TEST(NextActionTest, PassesOverWhatCouldNotBeTakenBack) {
  EXPECT_EQ(NextAction(Steps({S, O, P}), true), (Action{Action::kDeprovision, 0}));
  EXPECT_EQ(NextAction(Steps({D, O, O}), true), (Action{Action::kFail}));
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

TEST(InterpretTest, HasANameForWhatWasRefusedBesideOthersWords) {
  Operation failed;
  failed.set_state(Operation::FAILED);
  failed.set_error("erika.muster@smi.example has a mailbox already");
  EXPECT_EQ(Interpret(failed).reason, "FAILED");
  EXPECT_EQ(Interpret(absl::UnavailableError("erika.muster")).reason, "UNAVAILABLE");
  const absl::Status known = error::FailedPrecondition("SENDER_DIFFERS", "erika.muster");
  EXPECT_EQ(Interpret(known).reason, "SENDER_DIFFERS");
  const absl::Status strange = error::FailedPrecondition("erika.muster", "no");
  EXPECT_EQ(Interpret(strange).reason, "FAILED_PRECONDITION");
}

TEST(FailureDetailsTest, NameStepsAndNobodysWords) {
  std::vector<Step> steps(3);
  steps[0] = {.service = "identity", .state = StepState::kOrphaned, .error = "erika"};
  steps[1] = {.service = "efile", .state = StepState::kOrphaned, .error = "erika"};
  steps[2] = {.service = "notification", .state = StepState::kDeprovisioned, .error = "erika"};
  EXPECT_EQ(FailureDetails("notification: erika: no", steps),
            (std::map<std::string, std::string>{{"step", "notification"},
                                                {"orphaned", "identity, efile"}}));
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

TEST(InterpretTest, MakesTheTextsOfOthersFitForJson) {
  const std::string hostile("a\0b\nc\xff\xc3\xa4", 8);
  EXPECT_EQ(Interpret(absl::UnavailableError(hostile)).error, "a b c???");
  EXPECT_EQ(Interpret(absl::UnavailableError("Größe")).error, "Größe");
  EXPECT_EQ(Interpret(absl::UnavailableError(std::string(10'000, 'x'))).error.size(), 500u);
  Operation failed;
  failed.set_state(Operation::FAILED);
  failed.set_error(std::string("a\0b", 3));
  EXPECT_EQ(Interpret(failed).error, "a b");
}

// Tries of one step, one second each.
class JudgeTest : public ::testing::Test {
 protected:
  Verdict Try(Action::Kind kind, const absl::StatusOr<Operation>& answer) {
    const Action action{kind, 0};
    Begin(action, now_, step_);
    now_ += absl::Seconds(1);
    return Judge(action, Interpret(answer), limits_, now_, step_);
  }
  static Operation InState(Operation::State state) {
    Operation operation;
    operation.set_state(state);
    return operation;
  }

  const Limits limits_{.max_attempts = 3, .time = absl::Seconds(10)};
  absl::Time now_ = absl::UnixEpoch();
  Step step_;
};

TEST_F(JudgeTest, AStepIsDoneWhenItsServiceSaysSo) {
  EXPECT_EQ(Try(Action::kProvision, InState(Operation::IN_PROGRESS)), Verdict::kAgain);
  EXPECT_EQ(step_.state, R);
  EXPECT_EQ(Try(Action::kQuery, InState(Operation::SUCCEEDED)), Verdict::kDone);
  EXPECT_EQ(step_.state, S);
  EXPECT_EQ(Try(Action::kDeprovision, InState(Operation::SUCCEEDED)), Verdict::kDone);
  EXPECT_EQ(step_.state, D);
}

TEST_F(JudgeTest, ARefusedStepFailsAtOnce) {
  EXPECT_EQ(Try(Action::kProvision, absl::InvalidArgumentError("no")), Verdict::kGivenUp);
  EXPECT_EQ(step_.state, F);
  EXPECT_EQ(step_.error, "no");
}

TEST_F(JudgeTest, AStepWithoutAnAnswerFailsAfterSoManyTries) {
  EXPECT_EQ(Try(Action::kProvision, absl::UnavailableError("x")), Verdict::kAgain);
  EXPECT_EQ(Try(Action::kQuery, absl::UnavailableError("x")), Verdict::kAgain);
  EXPECT_EQ(Try(Action::kQuery, absl::UnavailableError("x")), Verdict::kGivenUp);
  EXPECT_EQ(step_.state, F);
}

TEST_F(JudgeTest, PollsDoNotUseUpTheTries) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Try(Action::kQuery, InState(Operation::IN_PROGRESS)), Verdict::kAgain);
  }
  EXPECT_EQ(Try(Action::kQuery, absl::UnavailableError("x")), Verdict::kAgain);
  EXPECT_EQ(Try(Action::kQuery, absl::UnavailableError("x")), Verdict::kAgain);
  EXPECT_EQ(Try(Action::kQuery, InState(Operation::IN_PROGRESS)), Verdict::kAgain);
  EXPECT_EQ(step_.attempts, 0);
}

TEST_F(JudgeTest, AStepInProgressForEverFailsWhenItsTimeIsOver) {
  Verdict verdict = Verdict::kAgain;
  int tries = 0;
  for (; verdict == Verdict::kAgain && tries < 100; ++tries) {
    verdict = Try(Action::kQuery, InState(Operation::IN_PROGRESS));
  }
  EXPECT_EQ(tries, 10);
  EXPECT_EQ(verdict, Verdict::kGivenUp);
  EXPECT_EQ(step_.state, F);
  EXPECT_EQ(step_.error, "not done within 10s");
}

TEST_F(JudgeTest, TakingBackIsTriedAgainWhetherRefusedOrNot) {
  step_.state = S;
  EXPECT_EQ(Try(Action::kDeprovision, absl::PermissionDeniedError("no")), Verdict::kAgain);
  EXPECT_EQ(Try(Action::kDeprovision, absl::UnavailableError("x")), Verdict::kAgain);
  EXPECT_EQ(step_.state, S);
  EXPECT_EQ(Try(Action::kDeprovision, InState(Operation::SUCCEEDED)), Verdict::kDone);
  EXPECT_EQ(step_.state, D);
}

TEST_F(JudgeTest, WhatCannotBeTakenBackIsLeftBehind) {
  step_.state = S;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Try(Action::kDeprovision, InState(Operation::FAILED)), Verdict::kAgain);
  }
  EXPECT_EQ(Try(Action::kDeprovision, absl::PermissionDeniedError("no")), Verdict::kGivenUp);
  EXPECT_EQ(step_.state, O);
  EXPECT_EQ(FailureText("efile: bad plan", {step_}),
            "efile: bad plan; could not be taken back:  (no)");
}

TEST_F(JudgeTest, TakingBackHasTriesAndTimeOfItsOwn) {
  std::vector<Step> steps = {{.service = "s", .state = F, .attempts = 3, .start = now_}};
  TurnBack(steps);
  EXPECT_EQ(steps[0].attempts, 0);
  EXPECT_FALSE(steps[0].start.has_value());
}

TEST(PauseTest, WaitsAsTheProvisionerSaysOrLongerAfterEachTry) {
  const Step step{.service = "s", .attempts = 3};
  EXPECT_EQ(Pause({.kind = Outcome::kInProgress, .retry_after = absl::Seconds(7)}, step),
            absl::Seconds(7));
  EXPECT_EQ(Pause({.kind = Outcome::kRetry}, step), Backoff(3));
  EXPECT_EQ(Pause({.kind = Outcome::kFailed}, step), Backoff(3));
}

TEST(BackoffTest, DoublesUpToFiveMinutes) {
  EXPECT_EQ(Backoff(1), absl::Seconds(1));
  EXPECT_EQ(Backoff(2), absl::Seconds(2));
  EXPECT_EQ(Backoff(8), absl::Seconds(128));
  EXPECT_EQ(Backoff(100), absl::Minutes(5));
}

TEST(StepStateTest, SurvivesTheWayThroughText) {
  for (StepState state : {P, R, S, F, D, O}) EXPECT_EQ(StepStateFrom(ToString(state)), state);
}

}  // namespace
}  // namespace sockel::catalog
