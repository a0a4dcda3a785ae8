#include "services/identity/signing_keys/signing_keys.h"

#include "common/auth/jwks.h"
#include "services/identity/testing/identity_fixture.h"

namespace sockel::identity {
namespace {

class SigningKeysTest : public IdentityTest {
 protected:
  std::vector<std::string> Published() {
    std::vector<std::string> ids;
    auto jwks = signing_keys_.GetJwks(Anonymous(), {});
    const auto keys = auth::ParseJwks(jwks->jwks());
    for (const auth::Key& key : *keys) {
      EXPECT_FALSE(key.has_private());
      ids.push_back(key.id());
    }
    return ids;
  }
};

TEST_F(SigningKeysTest, RotationPublishesThenSignsThenRetires) {
  const std::string old = signing_keys_.Current(clock_.Now())->id();
  MakeActiveUser("erika");
  auto before = Login("erika");
  auto rotated = signing_keys_.Rotate(Operator(), {});
  ASSERT_TRUE(rotated.ok()) << rotated.status();

  EXPECT_EQ(Published(), (std::vector<std::string>{old, rotated->key_id()}));
  EXPECT_EQ(signing_keys_.Current(clock_.Now())->id(), old);

  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(signing_keys_.Current(clock_.Now())->id(), rotated->key_id());
  auto after = Login("erika");
  EXPECT_TRUE(Verify(before->access_token()).ok());
  EXPECT_TRUE(Verify(after->access_token()).ok());

  clock_.Advance(absl::Minutes(12));
  EXPECT_EQ(Published(), std::vector<std::string>{rotated->key_id()});
}

TEST_F(SigningKeysTest, AnotherReplicaSignsWithTheSameKey) {
  auth::LocalKeySource keys;
  SigningKeys other(db_, clock_, master_key_, {}, keys);
  EXPECT_EQ(other.Current(clock_.Now()).status().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(other.Load().ok());
  EXPECT_EQ(other.Current(clock_.Now())->id(), signing_keys_.Current(clock_.Now())->id());
  EXPECT_TRUE(keys.Ready());
}

TEST_F(SigningKeysTest, PublishesWhatAnotherReplicaHasRotated) {
  ASSERT_EQ(Published().size(), 1u);
  auth::LocalKeySource keys;
  SigningKeys other(db_, clock_, master_key_, {}, keys);
  auto rotated = other.Rotate(Operator(), {});
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  ASSERT_TRUE(signing_keys_.Load().ok());
  EXPECT_EQ(Published().back(), rotated->key_id());
}

TEST_F(SigningKeysTest, TheDatabaseHoldsNoPrivateKey) {
  const auth::Key key = *signing_keys_.Current(clock_.Now());
  const std::string d = key.ToPrivateJson()->substr(key.ToPrivateJson()->find("\"d\":\"") + 5, 43);
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::work work(connection);
  const auto sealed = pqxx::binarystring(work.exec("SELECT sealed_jwk FROM signing_keys")[0][0]);
  EXPECT_EQ(sealed.str().find(d), std::string::npos);
}

TEST_F(SigningKeysTest, AnotherMasterKeyOpensNone) {
  auth::LocalKeySource keys;
  SigningKeys other(db_, clock_, *MasterKey::FromFileContent(std::string(64, 'b')), {}, keys);
  EXPECT_EQ(other.Load().code(), absl::StatusCode::kInternal);
}

TEST_F(SigningKeysTest, RepeatsTheFirstAnswerForARequestId) {
  const Caller caller = testing::WithRequestId(Operator());
  auto first = signing_keys_.Rotate(caller, {});
  auto second = signing_keys_.Rotate(caller, {});
  EXPECT_EQ(first->key_id(), second->key_id());
  EXPECT_EQ(Published().size(), 2u);
}

}  // namespace
}  // namespace sockel::identity
