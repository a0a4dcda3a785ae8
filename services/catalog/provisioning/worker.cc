#include "services/catalog/provisioning/worker.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"
#include "common/log/log.h"
#include "common/trace/traceparent.h"
#include "services/catalog/names.h"
#include "services/catalog/parameters.h"

namespace sockel::catalog {
namespace {

using provisioner::v1::ProvisionRequest;

Caller SystemIn(const std::string& tenant) { return Caller::System(tenant); }

// What is done for an order is part of the call that approved it. Without one, all
// that is done for it has at least the same trace id: the order's.
Caller CallerFor(const Work& work) {
  Caller caller = SystemIn(work.tenant);
  trace::Context context = trace::Continue(work.traceparent);
  if (work.traceparent.empty()) context.trace_id = absl::StrReplaceAll(work.order_id, {{"-", ""}});
  caller.trace_id = context.trace_id;
  caller.span_id = context.span_id;
  return caller;
}

const Step* Find(const std::vector<Step>& steps, std::string_view service) {
  for (const Step& step : steps) {
    if (step.service == service) return &step;
  }
  return nullptr;
}

void Warn(const Work& work, std::string_view service, std::string_view what,
          const std::string& error) {
  log::Warning(
      what,
      {{"order", OrderName(work.tenant, work.order_id)}, {"service", service}, {"error", error}});
}

metrics::Counter& OrderCounter(metrics::Registry& registry, const std::string& outcome) {
  return registry.Counter("sockel_catalog_orders_total",
                          "Approved orders whose provisioning ended, by what came of them",
                          {{"outcome", outcome}});
}

}  // namespace

ProvisioningWorker::ProvisioningWorker(pg::Database& db, pg::Listener& listener, const Clock& clock,
                                       Provisioners& provisioners, metrics::Registry& metrics,
                                       WorkerOptions options)
    : db_(db),
      listener_(listener),
      clock_(clock),
      provisioners_(provisioners),
      options_(options),
      completed_(OrderCounter(metrics, "completed")),
      failed_(OrderCounter(metrics, "failed")),
      orphaned_(metrics.Counter("sockel_catalog_orphaned_steps_total",
                                "Steps of failed orders that could not be taken back")) {}

ProvisioningWorker::~ProvisioningWorker() { Stop(); }

void ProvisioningWorker::Start() {
  subscription_ = listener_.Subscribe(kWorkChannel, [this](std::string_view) { Wake(); });
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Loop(); });
}

void ProvisioningWorker::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  subscription_.Cancel();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void ProvisioningWorker::Wake() {
  absl::MutexLock lock(&mutex_);
  ++wakes_;
}

void ProvisioningWorker::Loop() {
  while (true) {
    std::int64_t wakes = 0;
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      wakes = wakes_;
    }
    absl::StatusOr<bool> worked = RunOnce();
    if (!worked.ok()) {
      log::Warning("provisioning cannot read its work",
                   {{"error", error::LogMessageOf(worked.status())}});
    }
    if (!worked.ok() || !*worked) WaitForWork(wakes);
  }
}

void ProvisioningWorker::WaitForWork(std::int64_t wakes) {
  absl::MutexLock lock(&mutex_);
  const auto awake = [this, wakes]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || wakes_ != wakes;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&awake), options_.poll);
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
  const bool forward = action.kind != Action::kDeprovision;
  const bool ours = step.service == kActivationStep;
  if (action.kind == Action::kProvision && !ours && !provisioners_.Has(step.service)) {
    return RefuseStep(work, step);
  }
  // Written before the call: whoever takes over knows that something may exist.
  Begin(action, clock_.Now(), step);
  absl::StatusOr<bool> held = Save(work, clock_.Now(), options_.lease);
  if (!held.ok() || !*held) return held.status();

  const Outcome outcome = Call(work, action);
  const absl::Time now = clock_.Now();
  const Verdict verdict = Judge(action, outcome, options_.limits, now, step);
  if (verdict == Verdict::kGivenUp && forward) {
    work.failure = absl::StrCat(step.service, ": ", step.error);
    TurnBack(work.steps);
  }
  if (verdict != Verdict::kDone) {
    Warn(work, step.service, "provisioning step not done", outcome.reason);
  }
  const bool again = verdict == Verdict::kAgain;
  return Save(work, again ? now + Pause(outcome, step) : now, std::nullopt).status();
}

// Nothing was asked of the service, so that there is nothing to take back of
// it: the step stays PENDING.
absl::Status ProvisioningWorker::RefuseStep(Work& work, Step& step) {
  step.error = "no such service is configured";
  work.failure = absl::StrCat(step.service, ": ", step.error);
  TurnBack(work.steps);
  Warn(work, step.service, "provisioning step not done", step.error);  // our own words
  return Save(work, clock_.Now(), std::nullopt).status();
}

Outcome ProvisioningWorker::Call(const Work& work, const Action& action) {
  const std::string& service = work.steps[action.step].service;
  const bool backwards = action.kind == Action::kDeprovision;
  const Caller caller = CallerFor(work);
  if (service == kActivationStep) {
    return backwards ? Outcome{.kind = Outcome::kSucceeded} : Activate(caller, work);
  }
  if (backwards) return Interpret(provisioners_.Deprovision(caller, service, work.subscription_id));
  return ProvisionOrQuery(caller, work, action);
}

Outcome ProvisioningWorker::ProvisionOrQuery(const Caller& caller, const Work& work,
                                             const Action& action) {
  const std::string& service = work.steps[action.step].service;
  if (action.kind == Action::kQuery) {
    Provisioners::Answer known = provisioners_.GetOperation(caller, service, work.subscription_id);
    // Not known there: the request was lost, so ask again.
    if (known.status().code() != absl::StatusCode::kNotFound) return Interpret(known);
  }
  auto parameters = StructFromJson(work.parameters);
  if (!parameters.ok()) return Interpret(parameters.status());
  ProvisionRequest request;
  request.set_instance_id(work.subscription_id);
  request.set_tenant_code(work.beneficiary);
  *request.mutable_parameters() = *std::move(parameters);
  return Interpret(provisioners_.Provision(caller, service, request));
}

Outcome ProvisioningWorker::Activate(const Caller& caller, const Work& work) {
  const Step* identity = Find(work.steps, "identity");
  if (identity == nullptr || !identity->outputs.contains("admin")) {
    return {.kind = Outcome::kSucceeded};  // nobody new to invite
  }
  absl::Status status = provisioners_.Invite(caller, identity->outputs.at("admin"));
  // By an invitation of which we never learnt that it was sent.
  if (error::ReasonOf(status) == "USER_ACTIVATED") return {.kind = Outcome::kSucceeded};
  if (!status.ok()) return Interpret(status);
  return {.kind = Outcome::kSucceeded};
}

absl::StatusOr<bool> ProvisioningWorker::Save(Work& work, absl::Time next_attempt,
                                              std::optional<absl::Duration> lease) {
  using Held = absl::StatusOr<std::optional<absl::Time>>;
  Held held = db_.Write(
      SystemIn(work.tenant), "orders.save_progress",
      [&](pg::WriteTransaction& tx) -> Held { return store_.Save(tx, work, next_attempt, lease); });
  if (!held.ok()) return held.status();
  if (!held->has_value()) {
    Warn(work, "", "provisioning was taken over by another worker", "");
    return false;
  }
  work.lease_until = **held;
  return true;
}

absl::Status ProvisioningWorker::Finish(const Work& work, Action::Kind kind) {
  const bool complete = kind == Action::kComplete;
  const std::string order = OrderName(work.tenant, work.order_id);
  Work ended = work;
  ended.failure = FailureText(work.failure, work.steps);
  return db_.Write(CallerFor(work), "orders.finish", [&](pg::WriteTransaction& tx) -> absl::Status {
    // Another worker may have ended it meanwhile.
    if (!(complete ? store_.Complete(tx, ended) : store_.Fail(tx, ended))) {
      return absl::OkStatus();
    }
    std::map<std::string, std::string> details;
    if (complete) {
      details["subscription"] = SubscriptionName(work.tenant, work.subscription_id);
    } else {
      details = FailureDetails(work.failure, work.steps);
    }
    ledger::Append(tx, {.resource = order,
                        .details = details,
                        .action = complete ? "catalog.orders.completed" : "catalog.orders.failed"});
    events::Emit(tx, {.type = complete ? "catalog.order.completed" : "catalog.order.failed",
                      .resource = order,
                      .attributes = details});
    // Only of what is certain: whoever lost the lease ended nothing.
    tx.AfterCommit([&] { CountEnd(kind, work.steps); });
    return absl::OkStatus();
  });
}

void ProvisioningWorker::CountEnd(Action::Kind kind, const std::vector<Step>& steps) {
  (kind == Action::kComplete ? completed_ : failed_).Increment();
  const auto orphaned = std::count_if(steps.begin(), steps.end(), [](const Step& step) {
    return step.state == StepState::kOrphaned;
  });
  orphaned_.Increment(static_cast<double>(orphaned));
}

}  // namespace sockel::catalog
