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

// With another master key than the one that sealed the key in the database.
class OtherMasterKeyTest : public SigningKeysTest {
 protected:
  const MasterKey other_key_ = *MasterKey::FromFileContent(std::string(64, 'b'));
  auth::LocalKeySource published_;
  SigningKeys other_{db_, clock_, other_key_, {}, published_};
  Bootstrap other_bootstrap_{db_, *hasher_, other_, revoker_};
};

TEST_F(OtherMasterKeyTest, OpensNoKey) {
  EXPECT_EQ(other_.Load().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(published_.Ready());
}

TEST_F(OtherMasterKeyTest, IsRefusedAtTheStart) {
  absl::Status refused = other_.CheckMasterKey();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(refused.message()).find("identity.master_key_file"), std::string::npos);
  EXPECT_TRUE(signing_keys_.CheckMasterKey().ok());
}

TEST_F(OtherMasterKeyTest, IsAsGoodAsAnyWhereThereIsNoKeyYet) {
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::nontransaction(connection).exec("DELETE FROM signing_keys");
  EXPECT_TRUE(other_.CheckMasterKey().ok());
}

TEST_F(OtherMasterKeyTest, MakesNoKeyBesideThoseThatItDoesNotOpen) {
  EXPECT_EQ(other_bootstrap_.MakeSigningKey().status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(OtherMasterKeyTest, ReplacesThemWhenItIsTold) {
  const std::string lost = signing_keys_.Current(clock_.Now())->id();
  EXPECT_EQ(*other_bootstrap_.ReplaceSigningKeys(),
            "signing keys: 1 of another master key ended, a new one made");
  absl::Status loaded = other_.Load();
  ASSERT_TRUE(loaded.ok()) << loaded;
  auto signing = other_.Current(clock_.Now());
  ASSERT_TRUE(signing.ok()) << signing.status();
  EXPECT_NE(signing->id(), lost);
  EXPECT_FALSE(published_.Find(lost).has_value());
  EXPECT_EQ(*other_bootstrap_.MakeSigningKey(), "first signing key: there already");
}

TEST_F(OtherMasterKeyTest, ReplacesNothingThatOpens) {
  ASSERT_TRUE(other_bootstrap_.ReplaceSigningKeys().ok());
  EXPECT_EQ(*other_bootstrap_.ReplaceSigningKeys(),
            "signing keys: all open with this master key, none replaced");
  EXPECT_EQ(*bootstrap_.ReplaceSigningKeys(),
            "signing keys: 1 of another master key ended, a new one made");
}

// What the README says of sessions and codes: the database has their hashes.
TEST_F(OtherMasterKeyTest, ASessionOutlivesTheMasterKey) {
  MakeActiveUser("erika");
  auto session = Login("erika");
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(other_bootstrap_.ReplaceSigningKeys().ok());
  ASSERT_TRUE(other_.Load().ok());
  TokenIssuer issuer{{}, other_, gate_};
  Sessions sessions{{db_, clock_, pages_, issuer, revoker_, other_key_, SessionPolicy{}}};
  v1::RefreshTokensRequest request;
  request.set_refresh_token(session->refresh_token());
  auto refreshed = sessions.Refresh(Anonymous(), request);
  EXPECT_TRUE(refreshed.ok()) << refreshed.status();
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
