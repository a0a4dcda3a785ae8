#include "services/catalog/provisioning/worker.h"

#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "common/log/log.h"
#include "services/catalog/names.h"
#include "services/catalog/parameters.h"

namespace sockel::catalog {
namespace {

using provisioner::v1::ProvisionRequest;

Caller SystemIn(const std::string& tenant) { return Caller::System(tenant); }

const Step* Find(const std::vector<Step>& steps, std::string_view service) {
  for (const Step& step : steps) {
    if (step.service == service) return &step;
  }
  return nullptr;
}

// Writes what the answer means into the step; true when it failed for good.
bool Apply(const Outcome& outcome, int max_attempts, Step& step) {
  step.error = outcome.error;
  if (outcome.kind == Outcome::kSucceeded) {
    step.state = StepState::kSucceeded;
    step.outputs = outcome.outputs;
    return false;
  }
  if (outcome.kind == Outcome::kRetry && step.attempts < max_attempts) return false;
  if (outcome.kind == Outcome::kInProgress) return false;
  step.state = StepState::kFailed;
  return true;
}

absl::Time NextAttempt(absl::Time now, const Outcome& outcome, const Step& step) {
  switch (outcome.kind) {
    case Outcome::kSucceeded:
    case Outcome::kFailed:
      return now;
    case Outcome::kInProgress:
      return now + outcome.retry_after;
    case Outcome::kRetry:
      return now + std::max(outcome.retry_after, Backoff(step.attempts));
  }
  return now;
}

}  // namespace

ProvisioningWorker::ProvisioningWorker(pg::Database& db, pg::Listener& listener, const Clock& clock,
                                       Provisioners& provisioners, WorkerOptions options)
    : db_(db), listener_(listener), clock_(clock), provisioners_(provisioners), options_(options) {}

ProvisioningWorker::~ProvisioningWorker() { Stop(); }

void ProvisioningWorker::Start() {
  subscription_ = listener_.Subscribe(kWorkChannel, [this](std::string_view) { Wake(); });
  thread_ = std::thread([this] { Loop(); });
}

void ProvisioningWorker::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  subscription_.Cancel();
  if (thread_.joinable()) thread_.join();
}

void ProvisioningWorker::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

void ProvisioningWorker::Loop() {
  while (true) {
    absl::StatusOr<bool> worked = RunOnce();
    if (!worked.ok()) {
      log::Warning("provisioning cannot read its work",
                   {{"error", error::LogMessageOf(worked.status())}});
    }
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    if (worked.ok() && *worked) continue;
    mutex_.AwaitWithTimeout(absl::Condition(
                                +[](ProvisioningWorker* self) ABSL_NO_THREAD_SAFETY_ANALYSIS {
                                  return self->stopping_ || self->woken_;
                                },
                                this),
                            options_.poll);
    woken_ = false;
    if (stopping_) return;
  }
}

absl::StatusOr<bool> ProvisioningWorker::RunOnce() {
  std::optional<Work> work;
  absl::Status leased =
      db_.Write(SystemIn("*"), "orders.lease", [&](pg::WriteTransaction& tx) -> absl::Status {
        work = store_.Lease(tx, clock_.Now(), options_.lease);
        return absl::OkStatus();
      });
  if (!leased.ok()) return leased;
  if (!work) return false;
  const Action action = NextAction(work->steps, !work->failure.empty());
  absl::Status status = action.kind == Action::kComplete || action.kind == Action::kFail
                            ? Finish(*work, action.kind)
                            : RunStep(*work, action);
  if (!status.ok()) return status;
  return true;
}

absl::Status ProvisioningWorker::RunStep(Work& work, const Action& action) {
  Step& step = work.steps[action.step];
  // Written before the call: whoever takes over knows that something may exist.
  if (action.kind == Action::kProvision) step.state = StepState::kRunning;
  ++step.attempts;
  const absl::Time lease_until = clock_.Now() + options_.lease;
  if (absl::Status status = Save(work, clock_.Now(), lease_until); !status.ok()) return status;

  const Outcome outcome = Call(work, action);
  if (action.kind == Action::kDeprovision) {
    if (outcome.kind == Outcome::kSucceeded) {
      step.state = StepState::kDeprovisioned;
      step.attempts = 0;
    } else {
      step.error = outcome.error;
    }
  } else if (Apply(outcome, options_.max_attempts, step)) {
    work.failure = absl::StrCat(step.service, ": ", step.error);
    step.attempts = 0;
  }
  if (outcome.kind != Outcome::kSucceeded) {
    log::Warning("provisioning step not done", {{"order", OrderName(work.tenant, work.order_id)},
                                                {"service", step.service},
                                                {"attempts", step.attempts},
                                                {"error", outcome.error}});
  }
  return Save(work, NextAttempt(clock_.Now(), outcome, step), absl::InfinitePast());
}

Outcome ProvisioningWorker::Call(const Work& work, const Action& action) {
  const std::string& service = work.steps[action.step].service;
  const bool backwards = action.kind == Action::kDeprovision;
  if (service == kActivationStep) {
    return backwards ? Outcome{.kind = Outcome::kSucceeded} : Activate(work);
  }
  if (backwards) return Interpret(provisioners_.Deprovision(service, work.subscription_id));
  return ProvisionOrQuery(work, action);
}

Outcome ProvisioningWorker::ProvisionOrQuery(const Work& work, const Action& action) {
  const std::string& service = work.steps[action.step].service;
  if (action.kind == Action::kQuery) {
    Provisioners::Answer known = provisioners_.GetOperation(service, work.subscription_id);
    // Not known there: the request was lost, so ask again.
    if (known.status().code() != absl::StatusCode::kNotFound) return Interpret(known);
  }
  auto parameters = StructFromJson(work.parameters);
  if (!parameters.ok()) return Interpret(parameters.status());
  ProvisionRequest request;
  request.set_instance_id(work.subscription_id);
  request.set_tenant_code(work.beneficiary);
  *request.mutable_parameters() = *std::move(parameters);
  return Interpret(provisioners_.Provision(service, request));
}

Outcome ProvisioningWorker::Activate(const Work& work) {
  const Step* identity = Find(work.steps, "identity");
  if (identity == nullptr || !identity->outputs.contains("admin")) {
    return {.kind = Outcome::kSucceeded};  // nobody new to invite
  }
  absl::Status status = provisioners_.Invite(identity->outputs.at("admin"));
  if (!status.ok()) return Interpret(status);
  return {.kind = Outcome::kSucceeded};
}

absl::Status ProvisioningWorker::Save(const Work& work, absl::Time next_attempt,
                                      absl::Time lease_until) {
  return db_.Write(SystemIn(work.tenant), "orders.save_progress",
                   [&](pg::WriteTransaction& tx) -> absl::Status {
                     store_.Save(tx, work, next_attempt, lease_until);
                     return absl::OkStatus();
                   });
}

absl::Status ProvisioningWorker::Finish(const Work& work, Action::Kind kind) {
  const bool complete = kind == Action::kComplete;
  const std::string order = OrderName(work.tenant, work.order_id);
  return db_.Write(
      SystemIn(work.tenant), "orders.finish", [&](pg::WriteTransaction& tx) -> absl::Status {
        std::map<std::string, std::string> details;
        if (complete) {
          store_.Complete(tx, work);
          details["subscription"] = SubscriptionName(work.tenant, work.subscription_id);
        } else {
          store_.Fail(tx, work);
          details["failure"] = work.failure;
        }
        ledger::Append(tx,
                       {.resource = order,
                        .details = details,
                        .action = complete ? "catalog.orders.completed" : "catalog.orders.failed"});
        events::Emit(tx, {.type = complete ? "catalog.order.completed" : "catalog.order.failed",
                          .resource = order,
                          .attributes = details});
        return absl::OkStatus();
      });
}

}  // namespace sockel::catalog
