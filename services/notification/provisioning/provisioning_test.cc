#include "services/notification/provisioning/provisioning.h"

#include <gmock/gmock.h>

#include <thread>

#include "common/error/error.h"
#include "services/notification/testing/fixture.h"

namespace sockel::notification {
namespace {

using provisioner::v1::Operation;

constexpr char kInstance[] = "01900000-0000-7000-8000-000000000001";
constexpr char kOther[] = "01900000-0000-7000-8000-000000000002";

class ProvisioningTest : public testing::NotificationFixture {
 protected:
  static provisioner::v1::ProvisionRequest Order(const std::string& address,
                                                 const std::string& instance = kInstance) {
    provisioner::v1::ProvisionRequest request;
    request.set_instance_id(instance);
    request.set_tenant_code("smi");
    auto& fields = *request.mutable_parameters()->mutable_fields();
    fields["sender_address"].set_string_value(address);
    fields["tenant_display_name"].set_string_value("Ministerium");
    return request;
  }

  absl::StatusOr<Operation> Provision(const provisioner::v1::ProvisionRequest& request) {
    return provisioning_.Provision(In("provider"), request);
  }

  absl::StatusOr<Operation> Deprovision(const std::string& instance) {
    provisioner::v1::DeprovisionRequest request;
    request.set_instance_id(instance);
    return provisioning_.Deprovision(In("provider"), request);
  }

  absl::StatusOr<v1::Sender> DefaultSender() {
    v1::GetSenderRequest request;
    request.set_name("tenants/smi/senders/default");
    return senders_.Get(In("smi"), request);
  }
};

TEST_F(ProvisioningTest, CreatesTheDefaultSenderInTheTenant) {
  const auto operation = Provision(Order("post@smi.example"));
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_EQ(operation->state(), Operation::SUCCEEDED);
  EXPECT_EQ(operation->outputs().at("sender"), "tenants/smi/senders/default");
  const auto sender = DefaultSender();
  ASSERT_TRUE(sender.ok()) << sender.status();
  EXPECT_EQ(sender->email_address(), "post@smi.example");
  EXPECT_EQ(sender->display_name(), "Ministerium");
}

TEST_F(ProvisioningTest, TheSameOrderTwiceIsOneInstance) {
  const auto first = Provision(Order("post@smi.example"));
  clock_.Advance(absl::Seconds(5));
  const auto second = Provision(Order("post@smi.example"));
  ASSERT_TRUE(first.ok() && second.ok()) << second.status();
  EXPECT_EQ(first->SerializeAsString(), second->SerializeAsString());
  EXPECT_EQ(error::ReasonOf(Provision(Order("other@smi.example")).status()), "INSTANCE_CONFLICT");
}

TEST_F(ProvisioningTest, ABadAddressIsNamed) {
  for (const char* bad : {"", "none", "a@b\r\nc"}) {
    const auto refused = Provision(Order(bad));
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(refused.status().message()),
                ::testing::HasSubstr("parameters.sender_address"));
  }
}

TEST_F(ProvisioningTest, AParameterThatIsNoTextIsNamed) {
  for (const std::string& name :
       {std::string("sender_address"), std::string("tenant_display_name")}) {
    auto order = Order("post@smi.example");
    (*order.mutable_parameters()->mutable_fields())[name].set_number_value(5);
    const absl::Status refused = Provision(order).status();
    EXPECT_EQ(error::ReasonOf(refused), "FIELD_INVALID");
    EXPECT_EQ(refused.message(), "parameters." + name + ": must be a text");
  }
}

TEST_F(ProvisioningTest, ASenderOfTheTenantsOwnIsNotOverwritten) {
  AddSender("smi");
  EXPECT_EQ(error::ReasonOf(Provision(Order("else@smi.example")).status()), "SENDER_DIFFERS");
  EXPECT_TRUE(Provision(Order("post@smi.example")).ok());
}

TEST_F(ProvisioningTest, TakingBackRemovesTheSenderAndMayBeRepeated) {
  ASSERT_TRUE(Provision(Order("post@smi.example")).ok());
  for (int i = 0; i < 2; ++i) {
    const auto operation = Deprovision(kInstance);
    ASSERT_TRUE(operation.ok()) << operation.status();
    EXPECT_EQ(operation->state(), Operation::SUCCEEDED);
  }
  EXPECT_EQ(DefaultSender().status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Provision(Order("new@smi.example")).ok());
  EXPECT_EQ(DefaultSender()->email_address(), "new@smi.example");
}

TEST_F(ProvisioningTest, TheSenderStaysUntilTheLastInstanceEnds) {
  ASSERT_TRUE(Provision(Order("post@smi.example")).ok());
  ASSERT_TRUE(Provision(Order("post@smi.example", kOther)).ok());
  ASSERT_TRUE(Deprovision(kInstance).ok());
  EXPECT_TRUE(DefaultSender().ok()) << "the other instance needs it";
  ASSERT_TRUE(Deprovision(kOther).ok());
  EXPECT_EQ(DefaultSender().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ProvisioningTest, InstancesThatEndTogetherLeaveNoSenderBehind) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(Provision(Order("post@smi.example")).ok());
    ASSERT_TRUE(Provision(Order("post@smi.example", kOther)).ok());
    std::thread other([this] { EXPECT_TRUE(Deprovision(kOther).ok()); });
    EXPECT_TRUE(Deprovision(kInstance).ok());
    other.join();
    ASSERT_EQ(DefaultSender().status().code(), absl::StatusCode::kNotFound);
  }
}

TEST_F(ProvisioningTest, ASenderOfTheTenantsOwnOutlivesTheInstance) {
  AddSender("smi");
  ASSERT_TRUE(Provision(Order("post@smi.example")).ok());
  ASSERT_TRUE(Deprovision(kInstance).ok());
  EXPECT_TRUE(DefaultSender().ok());
}

TEST_F(ProvisioningTest, AnUnknownInstanceHasNoOperation) {
  provisioner::v1::GetOperationRequest request;
  request.set_instance_id(kInstance);
  EXPECT_EQ(error::ReasonOf(provisioning_.GetOperation(In("provider"), request).status()),
            "INSTANCE_NOT_FOUND");
  ASSERT_TRUE(Provision(Order("post@smi.example")).ok());
  EXPECT_EQ(provisioning_.GetOperation(In("provider"), request)->state(), Operation::SUCCEEDED);
}

}  // namespace
}  // namespace sockel::notification
