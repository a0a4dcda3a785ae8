#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sockel/provisioner/v1/provisioner.pb.h"

// The rules by which an approved order becomes a subscription, as functions
// over values. No I/O.
namespace sockel::catalog {

enum class StepState {
  kPending,  // nothing was ever asked of its service
  kRunning,
  kSucceeded,
  kFailed,
  kDeprovisioned,
  kOrphaned,  // could not be taken back: something may be left over
};

// The catalog's own last step: inviting the new tenant's administrator.
inline constexpr char kActivationStep[] = "activation";

struct Step {
  std::string service;
  StepState state = StepState::kPending;
  // Tries in a row that led to no answer, or, when taking back, to a refusal.
  int attempts = 0;
  // When the first try began, of setting up or of taking back.
  std::optional<absl::Time> start;
  std::string error;
  std::map<std::string, std::string> outputs;
};

struct Action {
  enum Kind {
    kProvision,    // ask the step's service to set up the instance
    kQuery,        // ask what became of it: in progress, or an answer was lost
    kDeprovision,  // take the instance back: another step failed for good
    kComplete,     // every step succeeded
    kFail,         // everything that may have been made was taken back, or given up
  };
  Kind kind;
  std::size_t step = 0;

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
  // What stands for `error` where nobody's words may stand: the ErrorInfo's reason,
  // else the code's or the state's name.
  std::string reason;
  std::map<std::string, std::string> outputs;
};

// Errors that the same call cannot overcome are final: what the provisioner
// refuses stays refused. Everything else is tried again. Texts are cut, and
// made fit for JSON: they are others'.
Outcome Interpret(const absl::StatusOr<provisioner::v1::Operation>& answer);

// How long a step is tried, in each direction.
struct Limits {
  // Tries in a row without an answer: with Backoff, about 2 hours.
  int max_attempts = 30;
  // From the first try on, whatever is answered.
  absl::Duration time = absl::Hours(24);
};

enum class Verdict { kDone, kAgain, kGivenUp };

// Notes that the action is about to begin.
void Begin(const Action& action, absl::Time now, Step& step);

// Writes into the step what came of the action. A refusal of setting up is
// final at once. One of taking back is tried again like any other trouble:
// somebody may yet clear it away, and what is given up stays behind.
Verdict Judge(const Action& action, const Outcome& outcome, const Limits& limits, absl::Time now,
              Step& step);

// When to go on with a step that is to be tried again.
absl::Duration Pause(const Outcome& outcome, const Step& step);

// A step failed for good: every limit begins anew for taking back.
void TurnBack(std::vector<Step>& steps);

// `failure`, and what could not be taken back.
std::string FailureText(const std::string& failure, const std::vector<Step>& steps);
// The same for those who may not read the order, and for the log that never
// forgets: `step`, the one that failed, and `orphaned`, those that could not be
// taken back; by the names of their services, without anybody's words.
std::map<std::string, std::string> FailureDetails(const std::string& failure,
                                                  const std::vector<Step>& steps);

// 1 s, doubled for every attempt, at most 5 min.
absl::Duration Backoff(int attempts);

std::string_view ToString(StepState state);
// Unknown text is kPending: written by no version so far.
StepState StepStateFrom(std::string_view text);

}  // namespace sockel::catalog
