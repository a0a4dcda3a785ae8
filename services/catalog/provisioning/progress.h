#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sockel/provisioner/v1/provisioner.pb.h"

// The rules by which an approved order becomes a subscription, as functions
// over values. No I/O.
namespace sockel::catalog {

enum class StepState { kPending, kRunning, kSucceeded, kFailed, kDeprovisioned };

// The catalog's own last step: inviting the new tenant's administrator.
inline constexpr char kActivationStep[] = "activation";

struct Step {
  std::string service;
  StepState state = StepState::kPending;
  int attempts = 0;
  std::string error;
  std::map<std::string, std::string> outputs;
};

struct Action {
  enum Kind {
    kProvision,    // ask the step's service to set up the instance
    kQuery,        // ask what became of it: in progress, or an answer was lost
    kDeprovision,  // take the instance back: another step failed for good
    kComplete,     // every step succeeded
    kFail,         // everything that may have been made was taken back
  };
  Kind kind;
  size_t step = 0;

  bool operator==(const Action&) const = default;
};

// What to do next. `failing`: a step failed for good, so go backwards.
Action NextAction(const std::vector<Step>& steps, bool failing);

// What a provisioner's answer means for the step.
struct Outcome {
  enum Kind { kSucceeded, kInProgress, kRetry, kFailed };
  Kind kind;
  // Ask again no sooner than this; zero = as Backoff says.
  absl::Duration retry_after;
  std::string error;
  std::map<std::string, std::string> outputs;
};

// Errors that the same call cannot overcome are final: what the provisioner
// refuses stays refused. Everything else is tried again.
Outcome Interpret(const absl::StatusOr<provisioner::v1::Operation>& answer);

// 1 s, doubled for every attempt, at most 5 min.
absl::Duration Backoff(int attempts);

std::string_view ToString(StepState state);
// Unknown text is kPending: written by no version so far.
StepState StepStateFrom(std::string_view text);

}  // namespace sockel::catalog
