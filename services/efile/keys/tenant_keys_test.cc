#include "services/efile/keys/tenant_keys.h"

#include <thread>

#include "common/error/error.h"
#include "services/efile/efile_fixture.h"

namespace sockel::efile {
namespace {

constexpr char kOther[] = "0190a1b2-0000-4000-8000-00000000000b";
constexpr char kContent[] = "0190a1b2-0000-7000-8000-0000000000a1";

// In a database that nobody used yet.
class TenantKeysTest : public EfileTest {
 protected:
  void SetUp() override {}

  TenantKeys wrong_{db_, Key::Random()};
};

TEST_F(TenantKeysTest, TheFirstUseDecidesWhichMasterKeyIsRight) {
  EXPECT_TRUE(wrong_.CheckMaster().ok());  // it could still become the right one
  ASSERT_TRUE(keys_.NewTenantKey("smi").ok());
  absl::Status refused = wrong_.CheckMaster();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(refused.message()).find("efile.master_key_file"), std::string::npos);
  EXPECT_TRUE(TenantKeys(db_, master_key_).CheckMaster().ok());
}

TEST_F(TenantKeysTest, CheckingDecidesNothing) {
  ASSERT_TRUE(wrong_.CheckMaster().ok());
  EXPECT_EQ(Count("master_key_checks"), 0);
}

TEST_F(TenantKeysTest, NothingIsWrappedByAWrongMasterKey) {
  ASSERT_TRUE(Provision("smi", kInstance).ok());
  absl::Status refused = wrong_.NewTenantKey("sms").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(error::ReasonOf(refused), "DEPENDENCY_UNAVAILABLE");
}

TEST_F(TenantKeysTest, NothingIsTakenForDamagedBecauseTheMasterKeyIsWrong) {
  ASSERT_TRUE(Provision("smi", kInstance).ok());
  auto key = keys_.NewContentKey(User(), kContent);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(wrong_.Open(User(), kContent, key->stored).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(wrong_.NewContentKey(User(), kContent).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(TenantKeysTest, ADatabaseFromBeforeTheCheckKnowsItsMasterKeyToo) {
  ASSERT_TRUE(Provision("smi", kInstance).ok());
  AsSuperuser("DELETE FROM master_key_checks");
  EXPECT_EQ(wrong_.CheckMaster().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(wrong_.NewTenantKey("sms").ok());
  EXPECT_EQ(Count("master_key_checks"), 0);
  EXPECT_TRUE(TenantKeys(db_, master_key_).NewTenantKey("sms").ok());
  EXPECT_EQ(Count("master_key_checks"), 1);
}

TEST_F(TenantKeysTest, OneTenantsDamagedKeyDoesNotMakeTheMasterKeyWrong) {
  ASSERT_TRUE(Provision("smi", kInstance).ok());
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(Provision("sms", kOther).ok());
  AsSuperuser("DELETE FROM master_key_checks");
  AsSuperuser("UPDATE tenant_keys SET wrapped_key = 'x' WHERE tenant_id = 'smi'");
  EXPECT_TRUE(TenantKeys(db_, master_key_).CheckMaster().ok());
}

TEST_F(TenantKeysTest, OfTwoMasterKeysThatBeginTogetherOneIsRight) {
  bool right = false, wrong = false;
  std::thread other([&] { wrong = wrong_.NewTenantKey("sms").ok(); });
  right = keys_.NewTenantKey("smi").ok();
  other.join();
  EXPECT_NE(right, wrong);
}

}  // namespace
}  // namespace sockel::efile
