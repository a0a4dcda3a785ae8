#include "common/ledger/sequencer.h"

#include <gtest/gtest.h>

#include <pqxx/pqxx>
#include <thread>

#include "absl/synchronization/notification.h"
#include "common/ledger/sequencer_fixture.h"
#include "common/ledger/sequencer_worker.h"

namespace sockel::ledger {
namespace {

using SequencerTest = SequencerFixture;

TEST_F(SequencerTest, HasNothingToDoWhenNothingHappened) {
  auto result = sequencer_.IntegrateBatch();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->outcome, Sequencer::Outcome::kIdle);
}

TEST_F(SequencerTest, AnEntrySaysWhoDidWhatWhen) {
  Caller caller = testing::MakeCaller("smi");
  caller.permission = "efile.dossiers.close";
  caller.trace_id = std::string(32, 'a');
  ASSERT_TRUE(db_.Write(caller, "test.write",
                        [&](pg::WriteTransaction& tx) {
                          Append(tx, {.resource = "tenants/smi/dossiers/d1",
                                      .details = {{"b", "2"}, {"a", "1"}}});
                          return absl::OkStatus();
                        })
                  .ok());
  ASSERT_TRUE(sequencer_.IntegrateBatch().ok());
  const auto entries = Entries("smi");
  ASSERT_EQ(entries.size(), 1U);
  const audit::v1::AuditEntry& entry = entries[0].entry();
  EXPECT_EQ(entry.tenant(), "tenants/smi");
  EXPECT_EQ(entry.actor(), caller.subject);
  EXPECT_EQ(entry.action(), "efile.dossiers.close");
  EXPECT_EQ(entry.resource(), "tenants/smi/dossiers/d1");
  EXPECT_EQ(entry.details().at("a"), "1");
  EXPECT_EQ(entry.trace_id(), caller.trace_id);
  EXPECT_EQ(entry.time().seconds(), absl::ToUnixSeconds(clock_.Now()));
}

TEST_F(SequencerTest, ManyAtOnceComeInTheirOrder) {
  const absl::Status status =
      db_.Write(Caller::System("*"), "test.write_all", [&](pg::WriteTransaction& tx) {
        std::vector<Record> records;
        for (int i = 0; i < 20; ++i) {
          records.push_back({.resource = "tenants/smi/things/" + std::to_string(i), .action = "a"});
          records.push_back(
              {.resource = "tenants/other/things/" + std::to_string(i), .action = "a"});
        }
        AppendAll(tx, records);
        AppendAll(tx, {});
        return absl::OkStatus();
      });
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_TRUE(sequencer_.IntegrateBatch().ok());
  for (const std::string tenant : {"smi", "other"}) {
    const auto entries = Entries(tenant);
    ASSERT_EQ(entries.size(), 20u);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      EXPECT_EQ(entries[i].entry().resource(),
                "tenants/" + tenant + "/things/" + std::to_string(i));
    }
    EXPECT_TRUE(AuditWholeLog(tenant).ok());
  }
}

TEST_F(SequencerTest, EveryTenantHasItsOwnLog) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Write("smi", "tenants/smi/x").ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Write("sms", "tenants/sms/x").ok());
  auto result = sequencer_.IntegrateBatch();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->entries, 8);
  EXPECT_EQ(Checkpoint("smi").size, 5);
  EXPECT_EQ(Checkpoint("sms").size, 3);
  EXPECT_EQ(Checkpoint("sms").origin, "sockel/efile/sms");
}

TEST_F(SequencerTest, BatchesOfAnySizeGiveTheTreeOfTheEntries) {
  for (const int batch : {1, 2, 3, 5, 8, 1, 13, 4}) {
    for (int i = 0; i < batch; ++i) ASSERT_TRUE(Write("smi", "tenants/smi/x").ok());
    ASSERT_TRUE(sequencer_.IntegrateBatch().ok());
    const absl::Status status = AuditWholeLog("smi");
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_EQ(Checkpoint("smi").size, 37);
}

TEST_F(SequencerTest, TakesALimitedNumberOfEachTenantSoThatNobodyWaitsForABacklog) {
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(Write("smi", "tenants/smi/x").ok());
  ASSERT_TRUE(Write("sms", "tenants/sms/x").ok());
  EXPECT_EQ(sequencer_.IntegrateBatch(4)->entries, 5);
  EXPECT_EQ(Checkpoint("sms").size, 1);
  EXPECT_EQ(sequencer_.IntegrateBatch(4)->entries, 4);
  EXPECT_EQ(sequencer_.IntegrateBatch(4)->entries, 1);
  EXPECT_TRUE(AuditWholeLog("smi").ok());
}

TEST_F(SequencerTest, AnEntryWhoseTransactionCommitsLateIsNotLost) {
  absl::Notification opened;
  absl::Notification go_on;
  std::thread late([&] {
    EXPECT_TRUE(
        db_.Write(testing::MakeCaller("smi"), "test.late",
                  [&](pg::WriteTransaction& tx) {
                    static constexpr pg::Query kXid{"test_xid", "SELECT pg_current_xact_id()"};
                    tx.Exec(kXid);
                    opened.Notify();
                    go_on.WaitForNotification();
                    Append(tx, {.resource = "tenants/smi/late"});
                    return absl::OkStatus();
                  })
            .ok());
  });
  opened.WaitForNotification();
  ASSERT_TRUE(Write("smi", "tenants/smi/quick").ok());
  EXPECT_EQ(sequencer_.IntegrateBatch()->entries, 1);
  go_on.Notify();
  late.join();
  EXPECT_EQ(sequencer_.IntegrateBatch()->entries, 1);
  EXPECT_EQ(Entries("smi").back().entry().resource(), "tenants/smi/late");
  EXPECT_TRUE(AuditWholeLog("smi").ok());
}

TEST_F(SequencerTest, ARolledBackChangeLeavesNoEntry) {
  EXPECT_FALSE(db_.Write(testing::MakeCaller("smi"), "test.write",
                         [&](pg::WriteTransaction& tx) {
                           Append(tx, {.resource = "tenants/smi/x"});
                           return absl::AbortedError("no");
                         })
                   .ok());
  EXPECT_EQ(sequencer_.IntegrateBatch()->outcome, Sequencer::Outcome::kIdle);
}

TEST_F(SequencerTest, TwoAtOnceIntegrateEveryEntryOnce) {
  pg::Pool other_pool{{.conninfo = database_.conninfo()}};
  pg::Database other_db{other_pool, clock_};
  Sequencer other{other_db, "efile", key_, clock_};
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(Write("smi", "tenants/smi/x").ok());
  });
  std::thread second([&] {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(other.IntegrateBatch().ok());
  });
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(sequencer_.IntegrateBatch().ok());
  writer.join();
  second.join();
  ASSERT_TRUE(sequencer_.IntegrateBatch().ok());
  EXPECT_EQ(Entries("smi").size(), 200U);
  EXPECT_TRUE(AuditWholeLog("smi").ok());
}

TEST_F(SequencerTest, WhileAnotherLeadsItDoesNothing) {
  ASSERT_TRUE(Write("smi", "tenants/smi/x").ok());
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::work leader(connection);
  leader.exec("SELECT pg_advisory_xact_lock(7236281940115027713)");
  EXPECT_EQ(sequencer_.IntegrateBatch()->outcome, Sequencer::Outcome::kNotLeader);
  leader.commit();
  EXPECT_EQ(sequencer_.IntegrateBatch()->outcome, Sequencer::Outcome::kIntegrated);
}

TEST_F(SequencerTest, TellsHowLongTheOldestEntryWaited) {
  ASSERT_TRUE(Write("smi", "tenants/smi/x").ok());
  clock_.Advance(absl::Seconds(7));
  ASSERT_TRUE(Write("smi", "tenants/smi/x").ok());
  EXPECT_EQ(sequencer_.IntegrateBatch()->lag, absl::Seconds(7));
}

TEST_F(SequencerTest, WorkAcrossTenantsIsRecordedUnderTheResourcesTenant) {
  ASSERT_TRUE(db_.Write(Caller::System("*"), "test.write",
                        [&](pg::WriteTransaction& tx) {
                          Append(tx, {.resource = "tenants/sms/messages/m1", .action = "a.b.c"});
                          return absl::OkStatus();
                        })
                  .ok());
  ASSERT_TRUE(sequencer_.IntegrateBatch().ok());
  ASSERT_EQ(Entries("sms").size(), 1U);
  EXPECT_EQ(Entries("sms")[0].entry().action(), "a.b.c");
}

TEST_F(SequencerTest, AChangedByteInTheDatabaseIsFoundByAnAudit) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Write("smi", "tenants/smi/x").ok());
  ASSERT_TRUE(sequencer_.IntegrateBatch().ok());
  ASSERT_TRUE(AuditWholeLog("smi").ok());
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::work tamper(connection);
  // A thorough forger adapts the leaf's hash as well.
  tamper.exec(
      "UPDATE ledger_entries SET leaf = set_byte(leaf, 5, get_byte(leaf, 5) # 1) "
      "WHERE tenant_id = 'smi' AND index = 13");
  tamper.exec("UPDATE ledger_entries SET leaf_hash = sha256('\\x00'::bytea || leaf)");
  tamper.commit();
  EXPECT_EQ(AuditWholeLog("smi").code(), absl::StatusCode::kDataLoss);
}

TEST_F(SequencerTest, TheWorkerIntegratesWhenWokenAndCountsIt) {
  metrics::Registry registry;
  SequencerWorker worker(sequencer_, registry,
                         {.interval = absl::Hours(1), .spacing = absl::Milliseconds(1)});
  ASSERT_TRUE(Write("smi", "tenants/smi/x").ok());
  worker.Wake();
  const auto& counter = registry.Counter("sockel_ledger_integrated_entries_total", "");
  const absl::Time limit = absl::Now() + absl::Seconds(20);
  while (counter.Value() < 1 && absl::Now() < limit) std::this_thread::yield();
  EXPECT_EQ(counter.Value(), 1);
  EXPECT_EQ(Checkpoint("smi").size, 1);
}

TEST_F(SequencerTest, TheWorkerSurvivesFailuresAndCountsThem) {
  pg::Pool dead_pool{{.conninfo = "host=/nowhere"}};
  pg::Database dead_db{dead_pool, clock_};
  Sequencer dead{dead_db, "efile", key_, clock_};
  metrics::Registry registry;
  absl::Notification failed;
  {
    SequencerWorker worker(dead, registry, {.on_failure = [&](const absl::Status&) {
                             if (!failed.HasBeenNotified()) failed.Notify();
                           }});
    failed.WaitForNotification();
  }
  EXPECT_GE(registry.Counter("sockel_ledger_failures_total", "").Value(), 1);
}

}  // namespace
}  // namespace sockel::ledger
