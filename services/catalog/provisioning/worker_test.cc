#include "services/catalog/provisioning/worker.h"

#include <algorithm>
#include <memory>
#include <pqxx/pqxx>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/error/error.h"
#include "services/catalog/catalog_fixture.h"
#include "services/catalog/provisioning/fake_provisioners.h"

namespace sockel::catalog {
namespace {

using provisioner::v1::Operation;

const absl::Status kRefusal = absl::InvalidArgumentError("no such file plan");

Operation InProgress() {
  Operation operation;
  operation.set_state(Operation::IN_PROGRESS);
  operation.set_poll_after_seconds(1);
  return operation;
}

class WorkerTest : public CatalogTest {
 protected:
  // An approved order of the provider for a ministry.
  std::string ApprovedFor(const std::string& ministry) {
    auto order = CreateOrder(Provider("clerk"), R"({"tenant_code": ")" + ministry + R"("})");
    EXPECT_TRUE(Approve(Provider("boss"), *order).ok());
    return order->name();
  }
  std::string Approved() {
    PublishEfile();
    return ApprovedFor("smf");
  }
  // So many turns, moving the clock on when nothing is due.
  void Run(ProvisioningWorker& worker, int turns) {
    for (int i = 0; i < turns; ++i) {
      auto worked = worker.RunOnce();
      ASSERT_TRUE(worked.ok()) << worked.status();
      if (!*worked) clock_.Advance(absl::Minutes(5));
    }
  }
  // Enough turns for everything here.
  void RunAll(ProvisioningWorker& worker) { Run(worker, 100); }

  std::unique_ptr<ProvisioningWorker> NewWorker(WorkerOptions options = {}) {
    return std::make_unique<ProvisioningWorker>(db_, listener_, clock_, services_, metrics_,
                                                options);
  }
  bool Shows(const std::string& metric) {
    return metrics_.Text().find(metric + "\n") != std::string::npos;
  }
  // A lease is measured by the database's clock, which cannot be moved.
  void ExpireLeases() {
    pqxx::connection connection(database_.superuser_conninfo());
    pqxx::nontransaction(connection).exec("UPDATE orders SET lease_until = '-infinity'");
  }
  v1::Order Read(const std::string& name) { return GetOrder(Provider(), name).value(); }
  v1::Order::State AwaitTheEndOf(const std::string& name) {
    const absl::Time give_up = absl::Now() + absl::Seconds(20);
    while (Read(name).state() == v1::Order::PROVISIONING && absl::Now() < give_up) continue;
    return Read(name).state();
  }
  std::int64_t CallsOf(const std::string& call) {
    return std::count(services_.calls.begin(), services_.calls.end(), call);
  }
  int Subscriptions() { return orders_.ListSubscriptions(Provider(), {})->subscriptions_size(); }

  FakeProvisioners services_;
  metrics::Registry metrics_;
  pg::Listener listener_{database_.conninfo()};
};

TEST_F(WorkerTest, ProvisionsInOrderInvitesAndIsActive) {
  const std::string name = Approved();
  RunAll(*NewWorker());
  auto order = GetOrder(Provider(), name);
  EXPECT_EQ(order->state(), v1::Order::COMPLETED) << order->DebugString();
  EXPECT_EQ(services_.calls, (std::vector<std::string>{"provision identity", "provision efile",
                                                       "invite tenants/smf/users/7"}));
  v1::GetSubscriptionRequest request;
  request.set_name(order->subscription());
  auto subscription = orders_.GetSubscription(Provider(), request);
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  EXPECT_EQ(subscription->state(), v1::Subscription::ACTIVE);
  EXPECT_EQ(subscription->beneficiary(), "smf");
  EXPECT_EQ(subscription->outputs().at("identity.admin"), "tenants/smf/users/7");
}

TEST_F(WorkerTest, CountsOrdersByHowTheyEnd) {
  PublishEfile();
  auto worker = NewWorker({.limits = {.max_attempts = 3}});
  EXPECT_TRUE(Shows("sockel_catalog_orders_total{outcome=\"failed\"} 0"));
  ApprovedFor("smf");
  RunAll(*worker);
  services_.always["provision efile"] = kRefusal;
  ApprovedFor("smi");
  RunAll(*worker);
  EXPECT_TRUE(Shows("sockel_catalog_orders_total{outcome=\"completed\"} 1"));
  EXPECT_TRUE(Shows("sockel_catalog_orders_total{outcome=\"failed\"} 1"));
  EXPECT_TRUE(Shows("sockel_catalog_orphaned_steps_total 0"));
}

TEST_F(WorkerTest, ContinuesTheTraceOfTheApproval) {
  PublishEfile();
  auto order = CreateOrder(Provider("clerk"), R"({"tenant_code": "smf"})");
  Caller boss = Provider("boss");
  boss.trace_id = std::string(32, 'a');
  ASSERT_TRUE(Approve(boss, *order).ok());
  services_.lost_answers = {"identity"};
  services_.always["provision efile"] = kRefusal;
  RunAll(*NewWorker());
  EXPECT_GT(CallsOf("query identity"), 0);
  EXPECT_GT(CallsOf("deprovision identity"), 0);
  EXPECT_EQ(services_.trace_ids, std::set<std::string>{boss.trace_id});
}

TEST_F(WorkerTest, AnOrderThatCameWithoutATraceHasOneTraceId) {
  const std::string name = Approved();
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::nontransaction(connection).exec("UPDATE orders SET traceparent = ''");
  RunAll(*NewWorker());
  EXPECT_EQ(GetOrder(Provider(), name)->state(), v1::Order::COMPLETED);
  ASSERT_EQ(services_.trace_ids.size(), 1u);
  EXPECT_EQ(services_.trace_ids.begin()->size(), 32u);
}

TEST_F(WorkerTest, ALostAnswerIsAskedForNotRepeated) {
  const std::string name = Approved();
  services_.lost_answers = {"identity"};
  RunAll(*NewWorker());
  EXPECT_EQ(GetOrder(Provider(), name)->state(), v1::Order::COMPLETED);
  EXPECT_EQ(services_.calls[0], "provision identity");
  EXPECT_EQ(services_.calls[1], "query identity");
  EXPECT_EQ(services_.calls[2], "provision efile");
}

// He set his password with the code of an attempt whose answer was lost.
TEST_F(WorkerTest, AnAdministratorWhoIsInAlreadyNeedsNoInvitation) {
  const std::string name = Approved();
  services_.invitation = error::Make(absl::StatusCode::kPermissionDenied, "USER_ACTIVATED",
                                     "The user has a password.");
  RunAll(*NewWorker());
  EXPECT_EQ(GetOrder(Provider(), name)->state(), v1::Order::COMPLETED);
}

TEST_F(WorkerTest, ARefusalTakesBackWhatWasMade) {
  const std::string name = Approved();
  services_.always["provision efile"] = kRefusal;
  RunAll(*NewWorker());
  const v1::Order order = Read(name);
  EXPECT_EQ(order.state(), v1::Order::FAILED);
  EXPECT_EQ(order.failure(), "efile: no such file plan");
  EXPECT_TRUE(services_.known.empty());
  EXPECT_EQ(order.steps(0).state(), v1::StepStatus::DEPROVISIONED);
}

TEST_F(WorkerTest, WhatCannotBeTakenBackHoldsUpNothingElse) {
  const std::string name = Approved();
  services_.always["provision efile"] = kRefusal;
  services_.always["deprovision efile"] = absl::PermissionDeniedError("not you");
  RunAll(*NewWorker({.limits = {.max_attempts = 3}}));
  const v1::Order order = Read(name);
  EXPECT_EQ(order.state(), v1::Order::FAILED);
  EXPECT_EQ(order.failure(), "efile: no such file plan; could not be taken back: efile (not you)");
  EXPECT_EQ(order.steps(0).state(), v1::StepStatus::DEPROVISIONED);
  EXPECT_EQ(order.steps(1).state(), v1::StepStatus::ORPHANED);
  EXPECT_EQ(CallsOf("deprovision efile"), 3);
  EXPECT_EQ(CallsOf("deprovision identity"), 1);
  EXPECT_TRUE(Shows("sockel_catalog_orphaned_steps_total 1"));
}

TEST_F(WorkerTest, ARefusedTakingBackIsNotTriedAgainAtOnce) {
  Approved();
  services_.always["provision efile"] = kRefusal;
  services_.always["deprovision efile"] = absl::PermissionDeniedError("not you");
  auto worker = NewWorker();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(worker->RunOnce().ok());
  EXPECT_EQ(CallsOf("deprovision efile"), 1);
}

TEST_F(WorkerTest, OfAServiceThatIsNotConfiguredNothingIsTakenBack) {
  const std::string name = Approved();
  services_.missing = "efile";
  RunAll(*NewWorker());
  const v1::Order order = Read(name);
  EXPECT_EQ(order.state(), v1::Order::FAILED);
  EXPECT_EQ(order.failure(), "efile: no such service is configured");
  EXPECT_EQ(order.steps(0).state(), v1::StepStatus::DEPROVISIONED);
  EXPECT_EQ(order.steps(1).state(), v1::StepStatus::PENDING);
  EXPECT_EQ(CallsOf("provision efile") + CallsOf("deprovision efile"), 0);
}

TEST_F(WorkerTest, AServiceThatHangsFailsTheOrderAfterSoManyTries) {
  const std::string name = Approved();
  services_.always["provision efile"] = absl::DeadlineExceededError("no answer");
  services_.always["query efile"] = absl::DeadlineExceededError("no answer");
  RunAll(*NewWorker({.limits = {.max_attempts = 5}}));
  EXPECT_EQ(Read(name).state(), v1::Order::FAILED);
  EXPECT_EQ(Read(name).failure(), "efile: no answer");
  EXPECT_EQ(CallsOf("provision efile") + CallsOf("query efile"), 5);
  EXPECT_EQ(CallsOf("deprovision efile"), 1);  // it may have worked
}

TEST_F(WorkerTest, AServiceThatIsNeverReadyFailsTheOrderWhenItsTimeIsOver) {
  const std::string name = Approved();
  services_.always["provision efile"] = InProgress();
  services_.always["query efile"] = InProgress();
  RunAll(*NewWorker({.limits = {.max_attempts = 3, .time = absl::Minutes(30)}}));
  EXPECT_EQ(Read(name).state(), v1::Order::FAILED);
  EXPECT_EQ(Read(name).failure(), "efile: not done within 30m");
  EXPECT_TRUE(services_.known.empty());
}

TEST_F(WorkerTest, AServiceThatTakesItsTimeMayStumble) {
  const std::string name = Approved();
  services_.once["provision efile"] = {InProgress()};
  services_.once["query efile"] = {InProgress(), InProgress(), InProgress(),
                                   absl::UnavailableError("restarting"), InProgress()};
  RunAll(*NewWorker({.limits = {.max_attempts = 2}}));
  EXPECT_EQ(Read(name).state(), v1::Order::COMPLETED);
  EXPECT_EQ(CallsOf("query efile"), 6);
}

TEST_F(WorkerTest, AServiceThatForgotIsAskedAnew) {
  const std::string name = Approved();
  services_.lost_answers = {"efile"};
  services_.once["query efile"] = {absl::NotFoundError("never heard of it")};
  RunAll(*NewWorker());
  EXPECT_EQ(Read(name).state(), v1::Order::COMPLETED);
  EXPECT_EQ(CallsOf("provision efile"), 2);
}

TEST_F(WorkerTest, AnErrorThatIsNoTextIsWrittenDownAllTheSame) {
  const std::string name = Approved();
  services_.once["provision efile"] = {absl::UnavailableError(std::string("a\0\xff", 3))};
  auto worker = NewWorker();
  Run(*worker, 2);
  EXPECT_EQ(Read(name).steps(1).error(), "a ?");
  RunAll(*worker);
  EXPECT_EQ(Read(name).state(), v1::Order::COMPLETED);
}

// A worker that stands still in a call until its lease is over, while another
// one goes on.
class StandstillTest : public WorkerTest {
 protected:
  void StandStillIn(const std::string& call, int turns_of_the_other) {
    bool first = true;
    auto other = NewWorker();
    services_.on_call = [&](const std::string& made, const std::string&) {
      if (made == call && std::exchange(first, false)) Run(*other, turns_of_the_other);
    };
    auto stale = NewWorker({.lease = absl::ZeroDuration()});
    for (int i = 0; first && i < 10; ++i) ASSERT_TRUE(stale->RunOnce().ok());
    ASSERT_FALSE(first);
    services_.on_call = nullptr;
  }
};

TEST_F(StandstillTest, ItsAnswerRevivesNoOrderThatTheOtherEnded) {
  const std::string name = Approved();
  services_.always["query efile"] = kRefusal;
  StandStillIn("provision efile", 100);
  RunAll(*NewWorker());
  EXPECT_EQ(Read(name).state(), v1::Order::FAILED);
  EXPECT_EQ(Read(name).failure(), "efile: no such file plan");
  EXPECT_EQ(Read(name).steps(0).state(), v1::StepStatus::DEPROVISIONED);
  EXPECT_EQ(Subscriptions(), 0);
}

TEST_F(StandstillTest, ItsAnswerDoesNotTurnAnOrderRoundThatTheOtherTakesBack) {
  const std::string name = Approved();
  services_.always["query efile"] = kRefusal;
  StandStillIn("provision efile", 1);
  EXPECT_EQ(Read(name).failure(), "efile: no such file plan");
  RunAll(*NewWorker());
  EXPECT_EQ(Read(name).state(), v1::Order::FAILED);
  EXPECT_EQ(Subscriptions(), 0);
}

TEST_F(StandstillTest, TheSameAnswerToBothMakesOneSubscription) {
  const std::string name = Approved();
  StandStillIn("provision efile", 100);
  RunAll(*NewWorker());
  EXPECT_EQ(Read(name).state(), v1::Order::COMPLETED);
  EXPECT_EQ(Subscriptions(), 1);
  EXPECT_EQ(CallsOf("invite tenants/smf/users/7"), 1);
  EXPECT_TRUE(Shows("sockel_catalog_orders_total{outcome=\"completed\"} 1"));
}

TEST_F(WorkerTest, AnotherWorkerTakesOverWhenTheFirstDiedInTheMiddle) {
  const std::string name = Approved();
  {
    // Dies right after it took the lease: nothing but the lease is left.
    OrderStore store;
    ASSERT_TRUE(db_.Write(Caller::System("*"), "test.lease",
                          [&](pg::WriteTransaction& tx) {
                            EXPECT_TRUE(
                                store.Lease(tx, clock_.Now(), absl::Seconds(60)).has_value());
                            return absl::OkStatus();
                          })
                    .ok());
  }
  auto worker = NewWorker();
  EXPECT_FALSE(*worker->RunOnce());  // the lease still holds
  clock_.Advance(absl::Hours(1));
  EXPECT_FALSE(*worker->RunOnce());  // whatever our clock says
  ExpireLeases();
  RunAll(*worker);
  EXPECT_EQ(GetOrder(Provider(), name)->state(), v1::Order::COMPLETED);
}

TEST_F(WorkerTest, StartsByItselfWhenAnOrderIsApproved) {
  auto worker = NewWorker({.poll = absl::Hours(1)});
  worker->Start();
  absl::Notification listening;
  auto subscription = listener_.Subscribe(kWorkChannel, [&](std::string_view) {
    if (!listening.HasBeenNotified()) listening.Notify();
  });
  listening.WaitForNotification();
  subscription.Cancel();
  EXPECT_EQ(AwaitTheEndOf(Approved()), v1::Order::COMPLETED);
  worker->Stop();
}

TEST_F(WorkerTest, AServiceThatHangsHoldsUpNoOtherOrder) {
  PublishEfile();
  absl::Notification go_on;
  services_.on_call = [&](const std::string&, const std::string& tenant) {
    if (tenant == "slow") go_on.WaitForNotificationWithTimeout(absl::Seconds(60));
  };
  ApprovedFor("slow");
  clock_.Advance(absl::Seconds(1));  // it is due before the other
  const std::string quick = ApprovedFor("quick");
  auto worker = NewWorker();
  worker->Start();
  EXPECT_EQ(AwaitTheEndOf(quick), v1::Order::COMPLETED);
  go_on.Notify();
  worker->Stop();
}

}  // namespace
}  // namespace sockel::catalog
