#include "services/catalog/provisioning/progress.h"

#include <algorithm>

namespace sockel::catalog {
namespace {

using provisioner::v1::Operation;

bool IsFinal(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

Action Backwards(const std::vector<Step>& steps) {
  for (size_t i = steps.size(); i-- > 0;) {
    const StepState state = steps[i].state;
    if (state != StepState::kPending && state != StepState::kDeprovisioned) {
      return {Action::kDeprovision, i};
    }
  }
  return {Action::kFail};
}

}  // namespace

Action NextAction(const std::vector<Step>& steps, bool failing) {
  if (failing) return Backwards(steps);
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].state == StepState::kSucceeded) continue;
    return {steps[i].state == StepState::kRunning ? Action::kQuery : Action::kProvision, i};
  }
  return {Action::kComplete};
}

Outcome Interpret(const absl::StatusOr<Operation>& answer) {
  if (!answer.ok()) {
    return {.kind = IsFinal(answer.status().code()) ? Outcome::kFailed : Outcome::kRetry,
            .retry_after = absl::ZeroDuration(),
            .error = std::string(answer.status().message())};
  }
  Outcome outcome{.kind = Outcome::kRetry, .retry_after = absl::ZeroDuration()};
  switch (answer->state()) {
    case Operation::SUCCEEDED:
      outcome.kind = Outcome::kSucceeded;
      outcome.outputs.insert(answer->outputs().begin(), answer->outputs().end());
      break;
    case Operation::FAILED:
      outcome.kind = Outcome::kFailed;
      outcome.error = answer->error();
      break;
    case Operation::IN_PROGRESS:
      outcome.kind = Outcome::kInProgress;
      outcome.retry_after = absl::Seconds(std::clamp(answer->poll_after_seconds(), 1, 300));
      break;
    default:
      outcome.error = "the provisioner answered without a state";
  }
  return outcome;
}

absl::Duration Backoff(int attempts) {
  const int doublings = std::clamp(attempts - 1, 0, 9);
  return std::min(absl::Seconds(1 << doublings), absl::Minutes(5));
}

std::string_view ToString(StepState state) {
  switch (state) {
    case StepState::kPending:
      return "PENDING";
    case StepState::kRunning:
      return "RUNNING";
    case StepState::kSucceeded:
      return "SUCCEEDED";
    case StepState::kFailed:
      return "FAILED";
    case StepState::kDeprovisioned:
      return "DEPROVISIONED";
  }
  return "PENDING";
}

StepState StepStateFrom(std::string_view text) {
  for (StepState state : {StepState::kRunning, StepState::kSucceeded, StepState::kFailed,
                          StepState::kDeprovisioned}) {
    if (ToString(state) == text) return state;
  }
  return StepState::kPending;
}

}  // namespace sockel::catalog
