#include <thread>

#include "common/error/error.h"
#include "services/efile/efile_fixture.h"

namespace sockel::efile {
namespace {

class FilePlanTest : public EfileTest {
 protected:
  absl::StatusOr<v1::FilePlanEntry> Create(const Caller& caller, const std::string& code) {
    v1::CreateFilePlanEntryRequest request;
    request.set_parent("tenants/" + caller.tenant);
    request.set_file_plan_entry_id(code);
    request.mutable_file_plan_entry()->set_title("Titel");
    request.mutable_file_plan_entry()->mutable_retention()->set_unlimited(true);
    request.mutable_file_plan_entry()->mutable_retention()->set_disposition(v1::Retention::ARCHIVE);
    return file_plan_.Create(caller, request);
  }

  absl::StatusOr<v1::FilePlanEntry> Retire(const Caller& caller, const std::string& code,
                                           const std::string& etag = "") {
    v1::RetireFilePlanEntryRequest request;
    request.set_name(FilePlanEntryName(caller.tenant, code));
    request.set_etag(etag);
    return file_plan_.Retire(caller, request);
  }
};

TEST_F(FilePlanTest, AnEntryComesBackAsItWasCreated) {
  auto created = Create(User(), "0.1");
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->name(), "tenants/smi/filePlanEntries/0.1");
  EXPECT_EQ(created->state(), v1::FilePlanEntry::ACTIVE);
  v1::GetFilePlanEntryRequest request;
  request.set_name(created->name());
  auto got = file_plan_.Get(User(), request);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->SerializeAsString(), created->SerializeAsString());
}

TEST_F(FilePlanTest, ACodeIsTakenOnceInATenantAndFreeInAnother) {
  ASSERT_TRUE(Create(User(), "1").ok());
  EXPECT_EQ(Create(User(), "1").status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Create(User("sms"), "1").ok());
}

TEST_F(FilePlanTest, AnotherTenantSeesNothing) {
  v1::GetFilePlanEntryRequest request;
  request.set_name("tenants/smi/filePlanEntries/413-1");
  EXPECT_EQ(file_plan_.Get(User("sms"), request).status().code(), absl::StatusCode::kNotFound);
  v1::ListFilePlanEntriesRequest list;
  list.set_parent("tenants/sms");
  auto entries = file_plan_.List(User("sms"), list);
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(entries->file_plan_entries_size(), 0);
}

TEST_F(FilePlanTest, IsListedByCodePageByPage) {
  for (const char* code : {"9", "10", "2"}) ASSERT_TRUE(Create(User(), code).ok());
  v1::ListFilePlanEntriesRequest request;
  request.set_parent("tenants/smi");
  request.set_page_size(2);
  std::vector<std::string> codes;
  do {
    auto page = file_plan_.List(User(), request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const auto& entry : page->file_plan_entries()) codes.push_back(entry.code());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(codes, (std::vector<std::string>{"10", "2", "413-1", "9"}));
}

TEST_F(FilePlanTest, ARetiredEntryTakesNoNewDossiers) {
  ASSERT_TRUE(CreateDossier().ok());
  auto retired = Retire(User(), "413-1");
  ASSERT_TRUE(retired.ok()) << retired.status();
  EXPECT_EQ(retired->state(), v1::FilePlanEntry::RETIRED);
  EXPECT_EQ(error::ReasonOf(CreateDossier().status()), "FILE_PLAN_ENTRY_RETIRED");
  EXPECT_EQ(Retire(User(), "413-1")->etag(), retired->etag());
}

TEST_F(FilePlanTest, RetiringWaitsForADossierOnItsWay) {
  ASSERT_TRUE(CreateDossier().ok());
  absl::StatusOr<v1::Dossier> dossier;
  absl::StatusOr<v1::FilePlanEntry> retired;
  std::thread creating, retiring;
  {
    // Somebody else's filing, on its way, holds the counter.
    pqxx::connection connection(database_.superuser_conninfo());
    pqxx::work filing(connection);
    filing.exec("SELECT 1 FROM reference_counters FOR UPDATE");
    creating = std::thread([&] { dossier = CreateDossier(); });
    database_.AwaitBlocked(1);
    retiring = std::thread([&] { retired = Retire(User(), "413-1"); });
    database_.AwaitBlocked(2);
  }
  creating.join();
  retiring.join();
  EXPECT_TRUE(dossier.ok()) << dossier.status();
  EXPECT_TRUE(retired.ok()) << retired.status();
  EXPECT_EQ(error::ReasonOf(CreateDossier().status()), "FILE_PLAN_ENTRY_RETIRED");
}

TEST_F(FilePlanTest, IsNotRetiredWithAnOldEtag) {
  EXPECT_EQ(error::ReasonOf(Retire(User(), "413-1", "999").status()), "ETAG_MISMATCH");
}

}  // namespace
}  // namespace sockel::efile
