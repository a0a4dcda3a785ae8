#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/client/channel_factory.h"
#include "sockel/efile/v1/document.pb.h"
#include "sockel/efile/v1/dossier.pb.h"
#include "sockel/efile/v1/upload.pb.h"
#include "sockel/identity/v1/access.pb.h"
#include "sockel/identity/v1/authentication.pb.h"

namespace sockel::client {
namespace {

bool Safe(const std::string& method) {
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(method);
  EXPECT_NE(descriptor, nullptr) << method;
  return descriptor != nullptr && IsSafeToRetry(*descriptor);
}

class ServiceConfigTest : public ::testing::Test {
 protected:
  // Links the descriptors.
  const google::protobuf::ServiceDescriptor* dossiers_ =
      efile::v1::Dossier::descriptor()->file()->FindServiceByName("DossierService");
  const google::protobuf::ServiceDescriptor* sign_in_ =
      identity::v1::Session::descriptor()->file()->FindServiceByName("AuthenticationService");
  const google::protobuf::Descriptor* access_ = identity::v1::WhoAmIRequest::descriptor();
  const google::protobuf::Descriptor* document_ = efile::v1::Document::descriptor();
  const google::protobuf::Descriptor* upload_ = efile::v1::Upload::descriptor();
};

TEST_F(ServiceConfigTest, RepeatsReads) {
  EXPECT_TRUE(Safe("sockel.efile.v1.DossierService.GetDossier"));
  EXPECT_TRUE(Safe("sockel.efile.v1.DossierService.ListDossiers"));
  EXPECT_TRUE(Safe("sockel.efile.v1.DocumentService.DownloadContent"));
  EXPECT_TRUE(Safe("sockel.identity.v1.AccessService.WhoAmI"));
  EXPECT_TRUE(Safe("sockel.identity.v1.AccessService.Check"));
}

TEST_F(ServiceConfigTest, RepeatsChangesThatCarryARequestId) {
  EXPECT_TRUE(Safe("sockel.efile.v1.DossierService.CreateDossier"));
  EXPECT_TRUE(Safe("sockel.identity.v1.AuthenticationService.RevokeSession"));
}

TEST_F(ServiceConfigTest, RepeatsNothingElse) {
  EXPECT_FALSE(Safe("sockel.identity.v1.AuthenticationService.Login"));
  EXPECT_FALSE(Safe("sockel.identity.v1.AuthenticationService.RefreshTokens"));
  EXPECT_FALSE(Safe("sockel.identity.v1.AuthenticationService.IssueServiceToken"));
  EXPECT_FALSE(Safe("sockel.efile.v1.UploadService.AppendUpload"));
}

TEST_F(ServiceConfigTest, NamesTheMethodsAndTheCodes) {
  const auto config = nlohmann::json::parse(ServiceConfig({dossiers_, sign_in_}, true));
  const auto& methods = config["methodConfig"][0];
  EXPECT_NE(methods["name"].dump().find("CreateDossier"), std::string::npos);
  EXPECT_EQ(methods["name"].dump().find("Login"), std::string::npos);
  EXPECT_EQ(methods["retryPolicy"]["maxAttempts"], 5);
  EXPECT_EQ(methods["retryPolicy"]["retryableStatusCodes"],
            nlohmann::json({"UNAVAILABLE", "RESOURCE_EXHAUSTED"}));
  EXPECT_TRUE(config["loadBalancingConfig"][0].contains("round_robin"));
  EXPECT_TRUE(config.contains("healthCheckConfig"));
}

TEST_F(ServiceConfigTest, BalancesOnlyWhereThereIsAChoice) {
  const auto config = nlohmann::json::parse(ServiceConfig({}, false));
  EXPECT_FALSE(config.contains("loadBalancingConfig"));
  EXPECT_FALSE(config.contains("methodConfig"));
}

}  // namespace
}  // namespace sockel::client
