#include "services/identity/bootstrap/bootstrap.h"

#include <sys/stat.h>

#include <fstream>

#include "common/auth/assertion.h"
#include "services/identity/bootstrap/secret_file.h"
#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

using BootstrapTest = IdentityTest;

TEST_F(BootstrapTest, TheFirstOperatorSignsInAndRulesTheProvidersTenant) {
  ASSERT_TRUE(bootstrap_.MakeOperator("operator", kPassword).ok());
  auto session = Login("operator", kPassword, "provider");
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_EQ((*Verify(session->access_token()))->roles,
            (std::vector<std::string>{"operator", "tenant-admin"}));
}

TEST_F(BootstrapTest, CanRunAgain) {
  ASSERT_TRUE(bootstrap_.MakeOperator("operator", kPassword).ok());
  EXPECT_TRUE(*bootstrap_.HasPassword("operator"));
  EXPECT_FALSE(*bootstrap_.HasPassword("another"));
  EXPECT_TRUE(bootstrap_.MakeProvider().ok());
  EXPECT_EQ(*bootstrap_.MakeSigningKey(), "first signing key: there already");
  EXPECT_TRUE(bootstrap_.MakeOperator("operator", kPassword).ok());
}

TEST_F(BootstrapTest, RefusesACommonPassword) {
  EXPECT_EQ(Reason(bootstrap_.MakeOperator("operator", "passwortpasswort").status()),
            "PASSWORD_COMMON");
}

TEST_F(BootstrapTest, ServicesSignInWithTheirKeys) {
  const auth::Key key = *auth::Key::Generate();
  const PublicKey registered{key.id(), key.ToPublicJson()};
  ASSERT_TRUE(bootstrap_.MakeServiceAccount("catalog", registered).ok());
  ASSERT_TRUE(bootstrap_.MakeServiceAccount("catalog", registered).ok());
  v1::IssueServiceTokenRequest request;
  request.set_client_assertion(
      *auth::MakeAssertion(key, "tenants/provider/serviceAccounts/catalog", clock_.Now()));
  auto token = service_tokens_.Issue(Anonymous(), request);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ((*Verify(token->access_token()))->roles,
            (std::vector<std::string>{"provisioner", "service"}));
}

TEST_F(BootstrapTest, TakesAServicesKeyBackAndStopsItsTokens) {
  const auth::Key key = *auth::Key::Generate();
  ASSERT_TRUE(bootstrap_.MakeServiceAccount("efile", {key.id(), key.ToPublicJson()}).ok());
  v1::IssueServiceTokenRequest request;
  request.set_client_assertion(
      *auth::MakeAssertion(key, "tenants/provider/serviceAccounts/efile", clock_.Now()));
  auto token = service_tokens_.Issue(Anonymous(), request);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(*bootstrap_.RemoveServiceAccountKey("efile", key.id()),
            "service account efile: key " + key.id() + " removed");
  EXPECT_EQ(Reason(Verify(token->access_token()).status()), "TOKEN_REVOKED");
  request.set_client_assertion(
      *auth::MakeAssertion(key, "tenants/provider/serviceAccounts/efile", clock_.Now()));
  EXPECT_EQ(Reason(service_tokens_.Issue(Anonymous(), request).status()), "ASSERTION_INVALID");
  EXPECT_EQ(*bootstrap_.RemoveServiceAccountKey("efile", key.id()),
            "service account efile: key " + key.id() + " is not there");
}

TEST_F(BootstrapTest, DoesNotRegisterAKeyAgainThatWasRemoved) {
  const auth::Key key = *auth::Key::Generate();
  const PublicKey removed{key.id(), key.ToPublicJson()};
  ASSERT_TRUE(bootstrap_.MakeServiceAccount("efile", removed).ok());
  ASSERT_TRUE(bootstrap_.RemoveServiceAccountKey("efile", key.id()).ok());
  EXPECT_EQ(*bootstrap_.MakeServiceAccount("efile", removed),
            "service account efile: there already, key " + key.id() +
                " not registered: it was removed, make a new one");
  v1::IssueServiceTokenRequest request;
  request.set_client_assertion(
      *auth::MakeAssertion(key, "tenants/provider/serviceAccounts/efile", clock_.Now()));
  EXPECT_EQ(Reason(service_tokens_.Issue(Anonymous(), request).status()), "ASSERTION_INVALID");
  const auth::Key next = *auth::Key::Generate();
  EXPECT_EQ(*bootstrap_.MakeServiceAccount("efile", {next.id(), next.ToPublicJson()}),
            "service account efile: there already, key " + next.id() + " registered");
  EXPECT_TRUE(bootstrap_.MakeServiceAccount("catalog", removed)->ends_with(" registered"))
      << "it was removed from another account";
}

TEST(SecretFileTest, IsMadeOnceForItsOwnerOnly) {
  const std::string path = ::testing::TempDir() + "/secret-" + ids::NewUuidV4();
  EXPECT_EQ(ReadSecretFile(path).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(*ReadOrMakeSecretFile(path, [] { return "first"; }), "first");
  EXPECT_EQ(*ReadOrMakeSecretFile(path, [] { return "second"; }), "first");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  std::remove(path.c_str());
}

TEST(SecretFileTest, NamesAFileThatCannotBeMade) {
  const auto made = ReadOrMakeSecretFile("/no/such/folder/file", [] { return "x"; });
  EXPECT_NE(std::string(made.status().message()).find("/no/such/folder/file"), std::string::npos);
}

}  // namespace
}  // namespace sockel::identity
