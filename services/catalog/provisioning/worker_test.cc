#include "services/catalog/provisioning/worker.h"

#include "services/catalog/catalog_fixture.h"

namespace sockel::catalog {
namespace {

using provisioner::v1::Operation;
using provisioner::v1::ProvisionRequest;

// Services as the test wants them: what they know, and what they answer next.
class FakeProvisioners final : public Provisioners {
 public:
  Answer Provision(const std::string& service, const ProvisionRequest& request) override {
    calls.push_back("provision " + service);
    if (!lost_answers.empty() && lost_answers.back() == service) {
      lost_answers.pop_back();
      known[service] = request.tenant_code();
      return absl::UnavailableError("connection reset");
    }
    if (refusing == service) return absl::InvalidArgumentError("no such file plan");
    known[service] = request.tenant_code();
    return Done(service);
  }
  Answer GetOperation(const std::string& service, const std::string&) override {
    calls.push_back("query " + service);
    if (!known.contains(service)) return absl::NotFoundError("never heard of it");
    return Done(service);
  }
  Answer Deprovision(const std::string& service, const std::string&) override {
    calls.push_back("deprovision " + service);
    known.erase(service);
    return Done(service);
  }
  absl::Status Invite(const std::string& admin) override {
    calls.push_back("invite " + admin);
    return absl::OkStatus();
  }

  std::vector<std::string> calls;
  std::vector<std::string> lost_answers;
  std::string refusing;
  std::map<std::string, std::string> known;

 private:
  static Answer Done(const std::string& service) {
    Operation operation;
    operation.set_state(Operation::SUCCEEDED);
    if (service == "identity") (*operation.mutable_outputs())["admin"] = "tenants/smf/users/7";
    return operation;
  }
};

class WorkerTest : public CatalogTest {
 protected:
  // An approved order of the provider for the ministry smf.
  std::string Approved() {
    PublishEfile();
    auto order = CreateOrder(Provider("clerk"), R"({"tenant_code": "smf"})");
    EXPECT_TRUE(Approve(Provider("boss"), *order).ok());
    return order->name();
  }
  // Runs until nothing is due, moving the clock on, a bounded number of times.
  void RunAll(ProvisioningWorker& worker) {
    for (int i = 0; i < 100; ++i) {
      auto worked = worker.RunOnce();
      ASSERT_TRUE(worked.ok()) << worked.status();
      if (!*worked) clock_.Advance(absl::Minutes(5));
    }
  }
  std::unique_ptr<ProvisioningWorker> NewWorker() {
    return std::make_unique<ProvisioningWorker>(db_, listener_, clock_, services_);
  }

  FakeProvisioners services_;
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

TEST_F(WorkerTest, ALostAnswerIsAskedForNotRepeated) {
  const std::string name = Approved();
  services_.lost_answers = {"identity"};
  RunAll(*NewWorker());
  EXPECT_EQ(GetOrder(Provider(), name)->state(), v1::Order::COMPLETED);
  EXPECT_EQ(services_.calls[0], "provision identity");
  EXPECT_EQ(services_.calls[1], "query identity");
  EXPECT_EQ(services_.calls[2], "provision efile");
}

TEST_F(WorkerTest, ARefusalTakesBackWhatWasMade) {
  const std::string name = Approved();
  services_.refusing = "efile";
  RunAll(*NewWorker());
  auto order = GetOrder(Provider(), name);
  EXPECT_EQ(order->state(), v1::Order::FAILED);
  EXPECT_EQ(order->failure(), "efile: no such file plan");
  EXPECT_TRUE(services_.known.empty());
  EXPECT_EQ(order->steps(0).state(), v1::StepStatus::DEPROVISIONED);
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
  clock_.Advance(absl::Seconds(61));
  RunAll(*worker);
  EXPECT_EQ(GetOrder(Provider(), name)->state(), v1::Order::COMPLETED);
}

TEST_F(WorkerTest, StartsByItselfWhenAnOrderIsApproved) {
  auto worker = NewWorker();
  worker->Start();
  const std::string name = Approved();
  const absl::Time give_up = absl::Now() + absl::Seconds(20);
  v1::Order::State state = v1::Order::PROVISIONING;
  while (state == v1::Order::PROVISIONING && absl::Now() < give_up) {
    state = GetOrder(Provider(), name)->state();
  }
  worker->Stop();
  EXPECT_EQ(state, v1::Order::COMPLETED);
}

}  // namespace
}  // namespace sockel::catalog
