#include "services/catalog/provisioning/progress.h"

#include <re2/re2.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/text/text.h"
#include "services/catalog/shorten.h"

namespace sockel::catalog {
namespace {

using provisioner::v1::Operation;

// What others say is stored as JSON, which takes neither NUL nor broken UTF-8.
std::string Clean(std::string_view said) {
  constexpr std::size_t kMostBytes = 500;
  const bool utf8 = text::IsUtf8(said);
  std::string clean = Shorten(said, kMostBytes);
  for (char& c : clean) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
    if (byte >= 0x80 && !utf8) c = '?';
  }
  return clean;
}

// Names of the field's, not words: a foreign service may put anything there.
std::string ReasonOf(const absl::Status& status) {
  static const RE2 kReason("[A-Z][A-Z0-9_]{0,62}");
  std::string reason = error::ReasonOf(status);
  return RE2::FullMatch(reason, kReason) ? reason : absl::StatusCodeToString(status.code());
}

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
  for (std::size_t i = steps.size(); i-- > 0;) {
    const StepState state = steps[i].state;
    if (state == StepState::kPending || state == StepState::kDeprovisioned ||
        state == StepState::kOrphaned) {
      continue;
    }
    return {Action::kDeprovision, i};
  }
  return {Action::kFail};
}

// Whether it has been tried for long enough. Counts the try.
bool IsExhausted(const Outcome& outcome, const Limits& limits, absl::Time now, Step& step) {
  // Whoever says that it is working on it has answered.
  step.attempts = outcome.kind == Outcome::kInProgress ? 0 : step.attempts + 1;
  if (now - step.start.value_or(now) >= limits.time) {
    if (step.error.empty()) {
      step.error = absl::StrCat("not done within ", absl::FormatDuration(limits.time));
    }
    return true;
  }
  return step.attempts >= limits.max_attempts;
}

}  // namespace

Action NextAction(const std::vector<Step>& steps, bool failing) {
  if (failing) return Backwards(steps);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].state == StepState::kSucceeded) continue;
    return {steps[i].state == StepState::kRunning ? Action::kQuery : Action::kProvision, i};
  }
  return {Action::kComplete};
}

Outcome Interpret(const absl::StatusOr<Operation>& answer) {
  if (!answer.ok()) {
    return {.kind = IsFinal(answer.status().code()) ? Outcome::kFailed : Outcome::kRetry,
            .retry_after = absl::ZeroDuration(),
            .error = Clean(std::string(answer.status().message())),
            .reason = ReasonOf(answer.status())};
  }
  Outcome outcome{.kind = Outcome::kRetry, .retry_after = absl::ZeroDuration()};
  switch (answer->state()) {
    case Operation::SUCCEEDED:
      outcome.kind = Outcome::kSucceeded;
      for (const auto& [role, name] : answer->outputs()) {
        outcome.outputs[Clean(role)] = Clean(name);
      }
      break;
    case Operation::FAILED:
      outcome.kind = Outcome::kFailed;
      outcome.error = Clean(answer->error());
      outcome.reason = Operation::State_Name(answer->state());
      break;
    case Operation::IN_PROGRESS:
      outcome.kind = Outcome::kInProgress;
      outcome.retry_after = absl::Seconds(std::clamp(answer->poll_after_seconds(), 1, 300));
      outcome.reason = Operation::State_Name(answer->state());
      break;
    default:
      outcome.error = "the provisioner answered without a state";
      outcome.reason = Operation::State_Name(Operation::STATE_UNSPECIFIED);
  }
  return outcome;
}

void Begin(const Action& action, absl::Time now, Step& step) {
  if (action.kind == Action::kProvision) step.state = StepState::kRunning;
  if (!step.start.has_value()) step.start = now;
}

Verdict Judge(const Action& action, const Outcome& outcome, const Limits& limits, absl::Time now,
              Step& step) {
  const bool backwards = action.kind == Action::kDeprovision;
  if (outcome.kind == Outcome::kSucceeded) {
    step.attempts = 0;
    step.state = backwards ? StepState::kDeprovisioned : StepState::kSucceeded;
    if (backwards) return Verdict::kDone;
    step.error.clear();
    step.outputs = outcome.outputs;
    return Verdict::kDone;
  }
  step.error = outcome.error;
  const bool refused = outcome.kind == Outcome::kFailed && !backwards;
  if (!IsExhausted(outcome, limits, now, step) && !refused) return Verdict::kAgain;
  step.state = backwards ? StepState::kOrphaned : StepState::kFailed;
  return Verdict::kGivenUp;
}

absl::Duration Pause(const Outcome& outcome, const Step& step) {
  if (outcome.kind == Outcome::kInProgress) return outcome.retry_after;
  return std::max(outcome.retry_after, Backoff(step.attempts));
}

void TurnBack(std::vector<Step>& steps) {
  for (Step& step : steps) {
    step.attempts = 0;
    step.start.reset();
  }
}

std::string FailureText(const std::string& failure, const std::vector<Step>& steps) {
  std::string text = failure;
  for (const Step& step : steps) {
    if (step.state != StepState::kOrphaned) continue;
    absl::StrAppend(&text, "; could not be taken back: ", step.service, " (", step.error, ")");
  }
  return text;
}

std::map<std::string, std::string> FailureDetails(const std::string& failure,
                                                  const std::vector<Step>& steps) {
  std::map<std::string, std::string> details = {{"step", failure.substr(0, failure.find(':'))}};
  for (const Step& step : steps) {
    if (step.state != StepState::kOrphaned) continue;
    std::string& orphaned = details["orphaned"];
    absl::StrAppend(&orphaned, orphaned.empty() ? "" : ", ", step.service);
  }
  return details;
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
    case StepState::kOrphaned:
      return "ORPHANED";
  }
  return "PENDING";
}

StepState StepStateFrom(std::string_view text) {
  for (StepState state : {StepState::kRunning, StepState::kSucceeded, StepState::kFailed,
                          StepState::kDeprovisioned, StepState::kOrphaned}) {
    if (ToString(state) == text) return state;
  }
  return StepState::kPending;
}

}  // namespace sockel::catalog
