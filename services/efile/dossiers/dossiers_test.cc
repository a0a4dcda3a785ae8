#include <set>
#include <thread>

#include "common/error/error.h"
#include "services/efile/efile_fixture.h"

namespace sockel::efile {
namespace {

class DossiersTest : public EfileTest {
 protected:
  absl::StatusOr<v1::ListDossiersResponse> List(const v1::ListDossiersRequest& request,
                                                const Caller& caller = User()) {
    return dossiers_.List(caller, request);
  }
  static v1::ListDossiersRequest All(const std::string& tenant = "smi") {
    v1::ListDossiersRequest request;
    request.set_parent("tenants/" + tenant);
    return request;
  }
};

TEST_F(DossiersTest, ADossierInheritsRetentionAndGetsAReference) {
  auto dossier = CreateDossier();
  ASSERT_TRUE(dossier.ok()) << dossier.status();
  EXPECT_EQ(dossier->reference(), "413-1/1/2026");
  EXPECT_EQ(dossier->state(), v1::Dossier::OPEN);
  EXPECT_EQ(dossier->confidentiality(), v1::Dossier::INTERNAL);
  EXPECT_EQ(dossier->retention().years(), 10);
  EXPECT_EQ(dossier->retention().disposition(), v1::Retention::APPRAISE);
  EXPECT_EQ(dossier->creator(), "tenants/smi/users/anna");
  auto got = GetDossier(User(), dossier->name());
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->SerializeAsString(), dossier->SerializeAsString());
}

TEST_F(DossiersTest, ReferencesHaveNoGapsUnderConcurrency) {
  constexpr int kThreads = 6, kEach = 10;
  std::vector<std::thread> threads;
  std::vector<std::vector<std::string>> references(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        auto dossier = CreateDossier();
        ASSERT_TRUE(dossier.ok()) << dossier.status();
        references[static_cast<std::size_t>(t)].push_back(dossier->reference());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : references) all.insert(mine.begin(), mine.end());
  ASSERT_EQ(all.size(), kThreads * kEach);
  for (int n = 1; n <= kThreads * kEach; ++n) {
    EXPECT_TRUE(all.count("413-1/" + std::to_string(n) + "/2026")) << n;
  }
}

TEST_F(DossiersTest, ANumberThatWasRolledBackIsGivenOutAgain) {
  ASSERT_EQ(CreateDossier()->reference(), "413-1/1/2026");
  absl::Status rolled_back =
      db_.Write(User(), "test", [&](pg::WriteTransaction& tx) -> absl::Status {
        NewDossier dossier{.id = "0190a1b2-0000-7000-8000-0000000000a1",
                           .code = "413-1",
                           .year = 2026,
                           .subject = "x"};
        EXPECT_EQ(DossierStore().Insert(tx, dossier)->reference(), "413-1/2/2026");
        return absl::AbortedError("no");
      });
  EXPECT_FALSE(rolled_back.ok());
  EXPECT_EQ(CreateDossier()->reference(), "413-1/2/2026");
}

TEST_F(DossiersTest, NumbersBeginAnewWithTheYearOfTheTenantsZone) {
  clock_.Set(absl::FromCivil(absl::CivilSecond(2026, 12, 31, 22, 59, 59), absl::UTCTimeZone()));
  EXPECT_EQ(CreateDossier()->reference(), "413-1/1/2026");
  clock_.Advance(absl::Seconds(1));  // midnight in Berlin
  EXPECT_EQ(CreateDossier()->reference(), "413-1/1/2027");
  clock_.Advance(-absl::Hours(1));  // a clock that runs backwards
  EXPECT_EQ(CreateDossier()->reference(), "413-1/2/2026");
}

TEST_F(DossiersTest, EachEntryAndTenantCountsForItself) {
  ASSERT_TRUE(Provision("sms", "0190a1b2-0000-4000-8000-00000000000b", "7").ok());
  EXPECT_EQ(CreateDossier()->reference(), "413-1/1/2026");
  EXPECT_EQ(CreateDossier(User("sms"), "7")->reference(), "7/1/2026");
}

TEST_F(DossiersTest, NeedAnEntryOfTheirTenant) {
  EXPECT_EQ(CreateDossier(User(), "none").status().code(), absl::StatusCode::kNotFound);
  v1::CreateDossierRequest request;
  request.set_parent("tenants/sms");
  request.mutable_dossier()->set_subject("x");
  request.mutable_dossier()->set_file_plan_entry("tenants/smi/filePlanEntries/413-1");
  EXPECT_EQ(dossiers_.Create(User("sms"), request).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(DossiersTest, ARepeatedRequestGivesTheSameDossier) {
  const Caller caller = testing::WithRequestId(User());
  auto first = CreateDossier(caller);
  auto second = CreateDossier(caller);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(first->SerializeAsString(), second->SerializeAsString());
  EXPECT_EQ(Count("dossiers"), 1);
}

TEST_F(DossiersTest, EveryChangeIsAnAuditEntryAndAnEvent) {
  const std::int64_t entries = Count("ledger_pending"), events = Count("events");
  auto dossier = CreateDossier();
  ASSERT_TRUE(CloseDossier(User(), dossier->name()).ok());
  EXPECT_EQ(Count("ledger_pending"), entries + 2);
  EXPECT_EQ(Count("events"), events + 2);
}

TEST_F(DossiersTest, TheEntryAboutClosingSaysHowManyDocumentsThereAre) {
  auto dossier = CreateDossier();
  auto sibling = CreateDossier();
  ASSERT_TRUE(CreateDocument(User(), dossier->name(), "one").ok());
  ASSERT_TRUE(CreateDocument(User(), dossier->name(), "two").ok());
  ASSERT_TRUE(CreateDocument(User(), sibling->name(), "another's").ok());
  ASSERT_TRUE(CloseDossier(User(), dossier->name()).ok());
  const audit::v1::AuditEntry closing = LastEntry(dossier->name());
  ASSERT_EQ(closing.details().count("documents"), 1U);
  EXPECT_EQ(closing.details().at("documents"), "2");
}

TEST_F(DossiersTest, ARefusedChangeLeavesNoTrace) {
  const std::int64_t entries = Count("ledger_pending"), events = Count("events");
  EXPECT_FALSE(CreateDossier(User(), "none").ok());
  EXPECT_EQ(Count("ledger_pending"), entries);
  EXPECT_EQ(Count("events"), events);
}

TEST_F(DossiersTest, AnotherTenantSeesNothing) {
  auto dossier = CreateDossier();
  EXPECT_EQ(GetDossier(User("sms"), dossier->name()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(CloseDossier(User("sms"), dossier->name()).status().code(),
            absl::StatusCode::kNotFound);
  auto listed = List(All("sms"), User("sms"));
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->dossiers_size(), 0);
  v1::ListDossiersRequest by_reference = All("sms");
  by_reference.set_reference(dossier->reference());
  EXPECT_EQ(List(by_reference, User("sms"))->dossiers_size(), 0);
}

TEST_F(DossiersTest, APageEndsEarlyWhenMuchIsInIt) {
  v1::CreateDossierRequest create;
  create.set_parent("tenants/smi");
  create.mutable_dossier()->set_file_plan_entry("tenants/smi/filePlanEntries/413-1");
  create.mutable_dossier()->set_subject(std::string(600'000, 'x'));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(dossiers_.Create(User(), create).ok());
  v1::ListDossiersRequest request = All();
  const auto first = List(request);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->dossiers_size(), 2);
  request.set_page_token(first->next_page_token());
  const auto last = List(request);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(last->dossiers_size(), 1);
  EXPECT_EQ(last->next_page_token(), "");
}

TEST_F(DossiersTest, AreListedPageByPageInEitherOrder) {
  std::vector<std::string> created;
  for (int i = 0; i < 7; ++i) {
    created.push_back(CreateDossier()->name());
    clock_.Advance(absl::Seconds(1));
  }
  for (const char* order : {"create_time", "create_time desc"}) {
    v1::ListDossiersRequest request = All();
    request.set_order_by(order);
    request.set_page_size(3);
    std::vector<std::string> listed;
    do {
      auto page = List(request);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const auto& dossier : page->dossiers()) listed.push_back(dossier.name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(listed, created) << order;
    std::reverse(created.begin(), created.end());
  }
}

TEST_F(DossiersTest, AreFilteredByStateAndEntryAndReference) {
  ASSERT_TRUE(Provision("smi", "0190a1b2-0000-4000-8000-00000000000c", "7").ok());
  auto open = CreateDossier();
  auto closed = CreateDossier();
  auto other = CreateDossier(User(), "7");
  ASSERT_TRUE(CloseDossier(User(), closed->name()).ok());
  const auto names = [&](const v1::ListDossiersRequest& request) {
    std::set<std::string> found;
    auto response = List(request);
    EXPECT_TRUE(response.ok()) << response.status();
    for (const auto& dossier : response->dossiers()) found.insert(dossier.name());
    return found;
  };
  using Names = std::set<std::string>;
  for (const char* order : {"create_time", "create_time desc"}) {
    v1::ListDossiersRequest request = All();
    request.set_order_by(order);
    request.set_state(v1::Dossier::OPEN);
    EXPECT_EQ(names(request), (Names{open->name(), other->name()}));
    request.set_file_plan_entry("tenants/smi/filePlanEntries/413-1");
    EXPECT_EQ(names(request), (Names{open->name()}));
    request.clear_state();
    EXPECT_EQ(names(request), (Names{open->name(), closed->name()}));
  }
  v1::ListDossiersRequest request = All();
  request.set_reference(closed->reference());
  EXPECT_EQ(names(request), (Names{closed->name()}));
  request.set_state(v1::Dossier::OPEN);
  EXPECT_EQ(names(request), Names{});
}

TEST_F(DossiersTest, APageTokenOfAnotherListIsRefused) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(CreateDossier().ok());
  v1::ListDossiersRequest request = All();
  request.set_page_size(1);
  request.set_page_token(List(request)->next_page_token());
  request.set_state(v1::Dossier::OPEN);
  EXPECT_EQ(error::ReasonOf(List(request).status()), "PAGE_TOKEN_INVALID");
}

TEST_F(DossiersTest, AnUnknownOrderIsRefused) {
  v1::ListDossiersRequest request = All();
  request.set_order_by("subject");
  EXPECT_EQ(List(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(DossiersTest, AnUpdateNeedsTheCurrentEtag) {
  auto dossier = CreateDossier();
  v1::UpdateDossierRequest request;
  *request.mutable_dossier() = *dossier;
  request.mutable_dossier()->set_subject("anders");
  auto updated = dossiers_.Update(User(), request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->subject(), "anders");
  EXPECT_NE(updated->etag(), dossier->etag());
  EXPECT_EQ(error::ReasonOf(dossiers_.Update(User(), request).status()), "ETAG_MISMATCH");
}

TEST_F(DossiersTest, ClosingBeginsTheRetentionPeriod) {
  auto dossier = CreateDossier();
  auto closed = CloseDossier(User(), dossier->name());
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(closed->state(), v1::Dossier::CLOSED);
  const absl::CivilDay end(absl::ToCivilDay(clock_.Now(), zone_).year() + 10, 1, 5);
  EXPECT_EQ(closed->retention_end_date().year(), end.year());
  EXPECT_EQ(closed->retention_end_date().month(), 1);
  EXPECT_EQ(closed->retention_end_date().day(), 5);
}

// Whoever closes may have begun before, and waited until the document was filed.
TEST_F(DossiersTest, IsNotClosedBeforeItsNewestDocument) {
  auto dossier = CreateDossier();
  clock_.Set(absl::FromCivil(absl::CivilSecond(2026, 12, 31, 23, 59, 59), zone_));
  ASSERT_TRUE(CreateDocument(User(), dossier->name(), "first").ok());
  clock_.Advance(absl::Seconds(1));
  auto newest = CreateDocument(User(), dossier->name(), "newest");
  ASSERT_TRUE(newest.ok()) << newest.status();
  clock_.Advance(-absl::Milliseconds(3));
  auto closed = CloseDossier(User(), dossier->name());
  ASSERT_TRUE(closed.ok()) << closed.status();
  const std::string time = newest->create_time().SerializeAsString();
  EXPECT_EQ(closed->close_time().SerializeAsString(), time);
  EXPECT_EQ(closed->update_time().SerializeAsString(), time);
  EXPECT_EQ(closed->retention_end_date().year(), 2037) << "of the day on which it was closed";
}

TEST_F(DossiersTest, AClosedDossierTakesNothingMore) {
  auto dossier = CreateDossier();
  ASSERT_TRUE(CloseDossier(User(), dossier->name()).ok());
  EXPECT_EQ(error::ReasonOf(CloseDossier(User(), dossier->name()).status()), "DOSSIER_CLOSED");
  EXPECT_EQ(error::ReasonOf(CreateDocument(User(), dossier->name(), "x").status()),
            "DOSSIER_CLOSED");
  EXPECT_EQ(error::ReasonOf(CreateUpload(User(), dossier->name(), "x").status()), "DOSSIER_CLOSED");
  v1::UpdateDossierRequest request;
  request.mutable_dossier()->set_name(dossier->name());
  request.mutable_dossier()->set_subject("anders");
  EXPECT_EQ(error::ReasonOf(dossiers_.Update(User(), request).status()), "DOSSIER_CLOSED");
  EXPECT_EQ(content_.CountFiles(), 0);
}

TEST_F(DossiersTest, IsNotClosedWhileAnUploadIsUnfinished) {
  auto dossier = CreateDossier();
  auto upload = CreateUpload(User(), dossier->name(), "bytes");
  ASSERT_TRUE(upload.ok()) << upload.status();
  absl::Status refused = CloseDossier(User(), dossier->name()).status();
  EXPECT_EQ(error::ReasonOf(refused), "DOSSIER_NOT_CLOSABLE");
  ASSERT_TRUE(Append(User(), upload->name(), 0, "bytes").ok());
  EXPECT_FALSE(CloseDossier(User(), dossier->name()).ok());
  ASSERT_TRUE(FileUpload(User(), dossier->name(), upload->name()).ok());
  EXPECT_TRUE(CloseDossier(User(), dossier->name()).ok());
}

}  // namespace
}  // namespace sockel::efile
