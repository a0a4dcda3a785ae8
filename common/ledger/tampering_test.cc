#include <gtest/gtest.h>

#include <atomic>
#include <pqxx/pqxx>
#include <thread>

#include "absl/time/clock.h"
#include "common/ids/ids.h"
#include "common/ledger/sequencer_fixture.h"
#include "common/ledger/sequencer_worker.h"

namespace sockel::ledger {
namespace {

// What whoever may write to the database, but has no key, can make of a log:
// smi's, beside that of sms.
class TamperingTest : public SequencerFixture {
 protected:
  void SetUp() override {
    for (int i = 0; i < 3; ++i) AddToBoth();
    ASSERT_TRUE(sequencer_.IntegrateBatch().ok());
  }

  void AddToBoth() {
    ASSERT_TRUE(Write("smi", "tenants/smi/x").ok());
    ASSERT_TRUE(Write("sms", "tenants/sms/x").ok());
  }

  void Tamper(const std::string& sql) {
    pqxx::connection connection(database_.superuser_conninfo());
    pqxx::work work(connection);
    work.exec(sql);
    work.commit();
  }

  // The frontier of smi's log with another first entry, as an SQL literal.
  std::string ForgedFrontier() {
    Frontier frontier;
    frontier.Append(LeafHash("forged"));
    const auto entries = Entries("smi");
    for (std::size_t i = 1; i < entries.size(); ++i) frontier.Append(LeafHash(entries[i].leaf()));
    std::string bytes;
    for (const Hash& hash : frontier.hashes()) bytes += ToBytes(hash);
    return "'\\x" + ids::ToHex(bytes) + "'";
  }

  // The next entry of sms is integrated and signed, that of smi is not.
  void ExpectOnlySmsToGrow() {
    AddToBoth();
    const auto result = sequencer_.IntegrateBatch();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->entries, 1);
    ASSERT_EQ(result->refused.size(), 1u);
    EXPECT_EQ(result->refused.begin()->first, "smi");
    EXPECT_EQ(result->refused.begin()->second.code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(Checkpoint("sms").size, 4);
    EXPECT_TRUE(AuditWholeLog("sms").ok());
  }
};

TEST_F(TamperingTest, ARewrittenHistoryGetsNoSignature) {
  Tamper(
      "UPDATE ledger_entries SET leaf = 'forged', leaf_hash = sha256('\\x00'::bytea || 'forged') "
      "WHERE tenant_id = 'smi' AND index = 0;"
      "UPDATE ledger_checkpoints SET frontier = " +
      ForgedFrontier() + " WHERE tenant_id = 'smi'");
  ExpectOnlySmsToGrow();
}

TEST_F(TamperingTest, AShortenedLogGetsNoSignature) {
  Tamper(
      "DELETE FROM ledger_entries WHERE tenant_id = 'smi' AND index = 2;"
      "UPDATE ledger_checkpoints SET tree_size = 2, frontier = substr(frontier, 1, 32) "
      "WHERE tenant_id = 'smi'");
  ExpectOnlySmsToGrow();
}

TEST_F(TamperingTest, AnEmptiedLogGetsNoSignature) {
  Tamper(
      "DELETE FROM ledger_entries WHERE tenant_id = 'smi';"
      "UPDATE ledger_checkpoints SET tree_size = 0, frontier = '' WHERE tenant_id = 'smi'");
  ExpectOnlySmsToGrow();
}

TEST_F(TamperingTest, ALogWithoutItsHeadIsNotBegunAnew) {
  Tamper("DELETE FROM ledger_checkpoints WHERE tenant_id = 'smi'");
  ExpectOnlySmsToGrow();
}

TEST_F(TamperingTest, AHeadThatAnotherKeySignedIsNotContinued) {
  const SigningKey other = *SigningKey::Generate();
  Tamper("UPDATE ledger_checkpoints SET note = '" + SignCheckpoint(Checkpoint("smi"), other) +
         "' WHERE tenant_id = 'smi'");
  ExpectOnlySmsToGrow();
}

TEST_F(TamperingTest, ADamagedFrontierStopsOnlyItsOwnLog) {
  Tamper(
      "UPDATE ledger_checkpoints SET frontier = substr(frontier, 1, 40) WHERE tenant_id = 'smi'");
  ExpectOnlySmsToGrow();
}

TEST_F(TamperingTest, APlantedEntryStopsOnlyItsOwnLog) {
  Tamper("INSERT INTO ledger_entries VALUES ('smi', 3, 'x', 'x', 'x')");
  ExpectOnlySmsToGrow();
}

TEST_F(TamperingTest, APlantedNodeStopsNoLog) {
  Tamper("INSERT INTO ledger_nodes VALUES ('smi', 2, 0, 'x')");
  AddToBoth();
  EXPECT_EQ(sequencer_.IntegrateBatch()->entries, 2);
  EXPECT_TRUE(AuditWholeLog("smi").ok());
}

TEST_F(TamperingTest, ARepairedLogGoesOnWithWhatWaited) {
  Tamper("CREATE TABLE kept AS SELECT * FROM ledger_checkpoints WHERE tenant_id = 'smi'");
  Tamper("DELETE FROM ledger_checkpoints WHERE tenant_id = 'smi'");
  ExpectOnlySmsToGrow();
  Tamper("INSERT INTO ledger_checkpoints SELECT * FROM kept");
  EXPECT_EQ(sequencer_.IntegrateBatch()->entries, 1);
  EXPECT_EQ(Checkpoint("smi").size, 4);
  EXPECT_TRUE(AuditWholeLog("smi").ok());
}

TEST_F(TamperingTest, EntriesThatWaitInVainGrowOlder) {
  Tamper("DELETE FROM ledger_checkpoints WHERE tenant_id = 'smi'");
  AddToBoth();
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(sequencer_.IntegrateBatch()->lag, absl::Minutes(2));
  clock_.Advance(absl::Minutes(3));
  ASSERT_TRUE(Write("smi", "tenants/smi/x").ok());
  EXPECT_EQ(sequencer_.IntegrateBatch()->lag, absl::Minutes(5));
  ASSERT_TRUE(Write("sms", "tenants/sms/x").ok());
  EXPECT_EQ(sequencer_.IntegrateBatch()->lag, absl::Minutes(5));
}

TEST_F(TamperingTest, TheWorkersLagIsTheAgeOfWhatWaitsInVain) {
  Tamper("DELETE FROM ledger_checkpoints WHERE tenant_id = 'smi'");
  AddToBoth();
  clock_.Advance(absl::Minutes(2));
  metrics::Registry registry;
  SequencerWorker worker(sequencer_, registry,
                         {.interval = absl::Milliseconds(1), .spacing = absl::Milliseconds(1)});
  const auto& failures = registry.Counter("sockel_ledger_failures_total", "");
  const absl::Time limit = absl::Now() + absl::Seconds(20);
  while (failures.Value() < 3 && absl::Now() < limit) std::this_thread::yield();
  EXPECT_EQ(registry.Gauge("sockel_ledger_lag_seconds", "").Value(), 120);
}

TEST_F(TamperingTest, TheWorkerTellsARefusedLogOnceAndGoesOnWithTheOthers) {
  Tamper("DELETE FROM ledger_checkpoints WHERE tenant_id = 'smi'");
  AddToBoth();
  metrics::Registry registry;
  std::atomic<int> told{0};
  {
    SequencerWorker worker(sequencer_, registry,
                           {.interval = absl::Milliseconds(1),
                            .spacing = absl::Milliseconds(1),
                            .on_failure = [&](const absl::Status&) { ++told; }});
    const auto& failures = registry.Counter("sockel_ledger_failures_total", "");
    const absl::Time limit = absl::Now() + absl::Seconds(20);
    while (failures.Value() < 3 && absl::Now() < limit) std::this_thread::yield();
    EXPECT_GE(failures.Value(), 3);
  }
  EXPECT_EQ(told, 1);
  EXPECT_EQ(registry.Gauge("sockel_ledger_refused_logs", "").Value(), 1);
  EXPECT_EQ(Checkpoint("sms").size, 4);
}

}  // namespace
}  // namespace sockel::ledger
