#include "services/identity/service_accounts/service_accounts.h"

#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

class ServiceAccountsTest : public IdentityTest {
 protected:
  absl::StatusOr<v1::ServiceAccount> AddKey(const std::string& jwk) {
    v1::AddServiceAccountKeyRequest request;
    request.set_name("tenants/smi/serviceAccounts/app");
    request.mutable_key()->set_public_key_jwk(jwk);
    return accounts_.AddKey(Admin(), request);
  }
  absl::StatusOr<v1::ServiceAccount> RemoveKey(const std::string& key_id) {
    v1::RemoveServiceAccountKeyRequest request;
    request.set_name("tenants/smi/serviceAccounts/app");
    request.set_key_id(key_id);
    return accounts_.RemoveKey(Admin(), request);
  }
  const auth::Key key_ = *auth::Key::Generate();
};

TEST_F(ServiceAccountsTest, KeepsPublicKeysByThumbprint) {
  auto account = MakeServiceAccount(key_);
  ASSERT_TRUE(account.ok()) << account.status();
  EXPECT_EQ(account->name(), "tenants/smi/serviceAccounts/app");
  ASSERT_EQ(account->keys_size(), 1);
  EXPECT_EQ(account->keys(0).key_id(), key_.id());
}

TEST_F(ServiceAccountsTest, RefusesATakenId) {
  ASSERT_TRUE(MakeServiceAccount(key_).ok());
  EXPECT_EQ(Reason(MakeServiceAccount(*auth::Key::Generate()).status()), "RESOURCE_EXISTS");
}

TEST_F(ServiceAccountsTest, AnUnknownTenantHasNone) {
  EXPECT_EQ(MakeServiceAccount(key_, "app", "nowhere").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ServiceAccountsTest, RefusesPrivateAndForeignKeys) {
  ASSERT_TRUE(MakeServiceAccount(key_).ok());
  for (const std::string& jwk : {*key_.ToPrivateJson(), std::string("{}"), std::string("no json"),
                                 std::string(R"({"kty":"oct","k":"c2VjcmV0"})"),
                                 std::string(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})")}) {
    EXPECT_EQ(Reason(AddKey(jwk).status()), "KEY_INVALID") << jwk;
  }
}

TEST_F(ServiceAccountsTest, RotatesKeysWithoutAGap) {
  ASSERT_TRUE(MakeServiceAccount(key_).ok());
  const auth::Key next = *auth::Key::Generate();
  auto both = AddKey(next.ToPublicJson());
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->keys_size(), 2);
  auto left = RemoveKey(key_.id());
  ASSERT_TRUE(left.ok()) << left.status();
  ASSERT_EQ(left->keys_size(), 1);
  EXPECT_EQ(left->keys(0).key_id(), next.id());
  EXPECT_NE(left->etag(), both->etag());
}

TEST_F(ServiceAccountsTest, RefusesTheSameKeyTwiceAndMoreThanTen) {
  ASSERT_TRUE(MakeServiceAccount(key_).ok());
  EXPECT_EQ(Reason(AddKey(key_.ToPublicJson()).status()), "KEY_EXISTS");
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(AddKey(auth::Key::Generate()->ToPublicJson()).ok());
  EXPECT_EQ(Reason(AddKey(auth::Key::Generate()->ToPublicJson()).status()), "TOO_MANY_KEYS");
}

TEST_F(ServiceAccountsTest, AnAdministratorMayAddARemovedKeyAgain) {
  ASSERT_TRUE(MakeServiceAccount(key_).ok());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(RemoveKey(key_.id()).ok());
    auto added = AddKey(key_.ToPublicJson());
    ASSERT_TRUE(added.ok()) << added.status();
    EXPECT_EQ(added->keys_size(), 1);
  }
}

TEST_F(ServiceAccountsTest, RemovingAnUnknownKeyIsNotFound) {
  ASSERT_TRUE(MakeServiceAccount(key_).ok());
  EXPECT_EQ(RemoveKey("unknown").status().code(), absl::StatusCode::kNotFound);
}

// A key is as good as the account: only who may give its roles may give one.
TEST_F(ServiceAccountsTest, NobodyGivesOrTakesAKeyOfTheSuitesServices) {
  ASSERT_TRUE(bootstrap_.MakeServiceAccount("catalog", {key_.id(), key_.ToPublicJson()}).ok());
  v1::AddServiceAccountKeyRequest add;
  add.set_name("tenants/provider/serviceAccounts/catalog");
  add.mutable_key()->set_public_key_jwk(auth::Key::Generate()->ToPublicJson());
  v1::RemoveServiceAccountKeyRequest remove;
  remove.set_name(add.name());
  remove.set_key_id(key_.id());
  for (const Caller& caller : {Admin("provider"), Operator()}) {
    EXPECT_EQ(Reason(accounts_.AddKey(caller, add).status()), "ROLE_NOT_GRANTABLE");
    EXPECT_EQ(Reason(accounts_.RemoveKey(caller, remove).status()), "ROLE_NOT_GRANTABLE");
  }
}

TEST_F(ServiceAccountsTest, AnAdministratorKeepsTheKeysOfAnApplication) {
  ASSERT_TRUE(MakeServiceAccount(key_).ok());
  ASSERT_TRUE(Bind(Admin(), "tenants/smi/serviceAccounts/app", "application").ok());
  EXPECT_TRUE(AddKey(auth::Key::Generate()->ToPublicJson()).ok());
  EXPECT_TRUE(RemoveKey(key_.id()).ok());
}

TEST_F(ServiceAccountsTest, ListsById) {
  for (const char* id : {"zz", "app", "bb"}) {
    ASSERT_TRUE(MakeServiceAccount(*auth::Key::Generate(), id).ok());
  }
  v1::ListServiceAccountsRequest request;
  request.set_parent("tenants/smi");
  request.set_page_size(2);
  auto page = accounts_.List(Admin(), request);
  ASSERT_EQ(page->service_accounts_size(), 2);
  EXPECT_EQ(page->service_accounts(0).name(), "tenants/smi/serviceAccounts/app");
  request.set_page_token(page->next_page_token());
  page = accounts_.List(Admin(), request);
  ASSERT_EQ(page->service_accounts_size(), 1);
}

}  // namespace
}  // namespace sockel::identity
