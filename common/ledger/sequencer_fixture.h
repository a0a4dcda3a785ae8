#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/ledger/audit.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/ledger.h"
#include "common/ledger/sequencer.h"
#include "common/ledger/verify.h"
#include "common/testing/callers.h"
#include "common/testing/fake_clock.h"
#include "common/testing/test_database.h"

// What the sequencer's tests share: logs of the service efile.
namespace sockel::ledger {

inline std::vector<pg::Migration> AllMigrations() {
  std::vector<pg::Migration> all = pg::CommonMigrations();
  for (auto& migration : Migrations()) all.push_back(std::move(migration));
  return all;
}

class SequencerFixture : public ::testing::Test {
 protected:
  absl::Status Write(const std::string& tenant, const std::string& resource) {
    return db_.Write(testing::MakeCaller(tenant), "test.write", [&](pg::WriteTransaction& tx) {
      Append(tx, {.resource = resource});
      return absl::OkStatus();
    });
  }

  CheckpointBody Checkpoint(const std::string& tenant) {
    auto checkpoint = audit_.GetCheckpoint(testing::MakeCaller(tenant), {});
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
    auto body = OpenCheckpoint(checkpoint->note(), *VerifierKey::Parse(checkpoint->verifier_key()));
    EXPECT_TRUE(body.ok()) << body.status();
    return *body;
  }

  std::vector<audit::v1::LogEntry> Entries(const std::string& tenant) {
    std::vector<audit::v1::LogEntry> entries;
    audit::v1::ListEntriesRequest request;
    do {
      auto page = audit_.ListEntries(testing::MakeCaller(tenant), request);
      EXPECT_TRUE(page.ok()) << page.status();
      entries.insert(entries.end(), page->entries().begin(), page->entries().end());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return entries;
  }

  absl::Status AuditWholeLog(const std::string& tenant) {
    LogAuditor auditor;
    for (const auto& entry : Entries(tenant)) {
      if (absl::Status status = auditor.Add(entry); !status.ok()) return status;
    }
    return auditor.Finish(Checkpoint(tenant));
  }

  testing::TestDatabase database_{AllMigrations()};
  testing::FakeClock clock_;
  pg::Pool pool_{{.conninfo = database_.conninfo()}};
  pg::Database db_{pool_, clock_};
  SigningKey key_ = *SigningKey::Generate();
  Sequencer sequencer_{db_, "efile", key_, clock_};
  paging::Tokens tokens_{std::string(32, 'k')};
  Audit audit_{db_, "efile", key_, tokens_};
};

}  // namespace sockel::ledger
