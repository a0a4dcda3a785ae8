#include <csignal>

#include <sys/resource.h>

#include <pqxx/pqxx>

#include "absl/time/clock.h"
#include "common/error/error.h"
#include "services/efile/efile_fixture.h"

namespace sockel::efile {
namespace {

class DocumentsTest : public EfileTest {
 protected:
  void SetUp() override {
    EfileTest::SetUp();
    dossier_ = CreateDossier()->name();
  }
  absl::StatusOr<v1::Document> Get(const Caller& caller, const std::string& name) {
    v1::GetDocumentRequest request;
    request.set_name(name);
    return documents_.Get(caller, request);
  }
  std::string dossier_;
};

TEST_F(DocumentsTest, ADocumentComesBackWithItsContent) {
  const std::string bytes = "%PDF-1.7\n" + std::string(300000, 'x');
  auto document = CreateDocument(User(), dossier_, bytes);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->content().media_type(), "application/pdf");
  EXPECT_EQ(document->content().size(), static_cast<std::int64_t>(bytes.size()));
  EXPECT_EQ(document->content().sha256(), Sha256Of(bytes));
  EXPECT_EQ(Get(User(), document->name())->SerializeAsString(), document->SerializeAsString());
  auto read = Download(User(), document->name());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(*read == bytes);
}

TEST_F(DocumentsTest, EveryFieldIsKept) {
  v1::CreateDocumentRequest request;
  request.set_parent(dossier_);
  request.set_inline_content("x");
  v1::Document& document = *request.mutable_document();
  document.set_subject("Größe");
  document.set_document_type("application");
  document.mutable_receive_date()->set_year(2026);
  document.mutable_receive_date()->set_month(1);
  document.mutable_receive_date()->set_day(4);
  document.set_sender("Müller");
  document.add_recipients("a, \"b\" {c}");
  document.add_recipients("");
  document.set_foreign_reference("Az. 1/2");
  document.set_file_name("Antrag.pdf");
  auto created = documents_.Create(User(), request);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->subject(), "Größe");
  EXPECT_EQ(created->receive_date().day(), 4);
  EXPECT_FALSE(created->has_send_date());
  EXPECT_EQ(created->sender(), "Müller");
  ASSERT_EQ(created->recipients_size(), 2);
  EXPECT_EQ(created->recipients(0), "a, \"b\" {c}");
  EXPECT_EQ(created->recipients(1), "");
  EXPECT_EQ(created->file_name(), "Antrag.pdf");
}

TEST_F(DocumentsTest, AnEmptyDocumentIsADocument) {
  auto document = CreateDocument(User(), dossier_, "");
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->content().size(), 0);
  EXPECT_EQ(*Download(User(), document->name()), "");
}

TEST_F(DocumentsTest, TheMediaTypeIsThatOfTheBytesWhateverTheNameSays) {
  v1::CreateDocumentRequest request;
  request.set_parent(dossier_);
  request.mutable_document()->set_subject("x");
  request.mutable_document()->set_file_name("harmless.pdf");
  request.set_inline_content("<!DOCTYPE html><html><script>alert(1)</script></html>");
  EXPECT_EQ(documents_.Create(User(), request)->content().media_type(), "text/html");
}

TEST_F(DocumentsTest, ARangeIsThatPieceOfIt) {
  std::string bytes;
  for (int i = 0; i < 100000; ++i) bytes += std::to_string(i);
  auto document = CreateDocument(User(), dossier_, bytes);
  EXPECT_EQ(*Download(User(), document->name(), 65530, 100), bytes.substr(65530, 100));
  EXPECT_TRUE(*Download(User(), document->name(), 200000) == bytes.substr(200000));
  EXPECT_EQ(*Download(User(), document->name(), document->content().size()), "");
  EXPECT_EQ(
      error::ReasonOf(Download(User(), document->name(), document->content().size() + 1).status()),
      "RANGE_INVALID");
}

TEST_F(DocumentsTest, EveryReadOfContentIsAnAuditEntry) {
  auto document = CreateDocument(User(), dossier_, "x");
  const std::int64_t before = Count("ledger_pending");
  ASSERT_TRUE(Download(User(), document->name()).ok());
  EXPECT_EQ(Count("ledger_pending"), before + 1);
}

TEST_F(DocumentsTest, NeitherAnotherTenantNorASiblingDossierSeesIt) {
  auto document = CreateDocument(User(), dossier_, "x");
  const std::string id = document->name().substr(document->name().rfind('/') + 1);
  const std::string sibling = CreateDossier()->name() + "/documents/" + id;
  EXPECT_EQ(Get(User(), sibling).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Download(User(), sibling).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Get(User("sms"), document->name()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Download(User("sms"), document->name()).status().code(), absl::StatusCode::kNotFound);
  v1::ListDocumentsRequest list;
  list.set_parent(dossier_);
  EXPECT_EQ(documents_.List(User("sms"), list).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(DocumentsTest, AreListedInTheOrderTheyWereFiled) {
  std::vector<std::string> created, listed;
  for (int i = 0; i < 5; ++i) {
    created.push_back(CreateDocument(User(), dossier_, "x")->name());
    clock_.Advance(absl::Seconds(1));
  }
  v1::ListDocumentsRequest request;
  request.set_parent(dossier_);
  request.set_page_size(2);
  do {
    auto page = documents_.List(User(), request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const auto& document : page->documents()) listed.push_back(document.name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, created);
}

TEST_F(DocumentsTest, ARepeatedRequestFilesOneDocumentAndKeepsOneContent) {
  const Caller caller = testing::WithRequestId(User());
  auto first = CreateDocument(caller, dossier_, "x");
  auto second = CreateDocument(caller, dossier_, "x");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(first->name(), second->name());
  EXPECT_EQ(Count("documents"), 1);
  EXPECT_EQ(content_.CountFiles(), 1);
}

TEST_F(DocumentsTest, NothingIsLeftOfARefusedDocument) {
  EXPECT_EQ(CreateDocument(User(), "tenants/smi/dossiers/0190a1b2-0000-7000-8000-000000000099", "x")
                .status()
                .code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(content_.CountFiles(), 0);
  EXPECT_EQ(Count("contents"), 0);
}

TEST_F(DocumentsTest, TheBytesStayUnlessItIsCertainThatNothingWasFiled) {
  ASSERT_TRUE(CreateDocument(User(), dossier_, "before").ok());  // the key is in memory now
  pg::Pool pool({.conninfo = database_.conninfo(), .size = 1, .wait = absl::Milliseconds(10)});
  pg::Database database(pool, clock_);
  Documents documents(database, tokens_, clock_, storage_);
  const auto busy = pool.Acquire();
  ASSERT_TRUE(busy.ok()) << busy.status();
  v1::CreateDocumentRequest request;
  request.set_parent(dossier_);
  request.mutable_document()->set_subject("x");
  request.set_inline_content("x");
  EXPECT_EQ(documents.Create(User(), request).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(content_.CountFiles(), 2);
}

TEST_F(DocumentsTest, APageIsShortRatherThanTooLargeForAClient) {
  std::vector<std::string> created, listed;
  for (int i = 0; i < 5; ++i) {
    v1::CreateDocumentRequest request;
    request.set_parent(dossier_);
    request.set_inline_content("x");
    request.mutable_document()->set_subject("x");
    request.mutable_document()->add_recipients(std::string(1'500'000, 'x'));
    created.push_back(documents_.Create(User(), request)->name());
    clock_.Advance(absl::Seconds(1));
  }
  v1::ListDocumentsRequest request;
  request.set_parent(dossier_);
  do {
    auto page = documents_.List(User(), request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LT(page->ByteSizeLong(), 4u << 20);
    ASSERT_GT(page->documents_size(), 0);
    for (const auto& document : page->documents()) listed.push_back(document.name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, created);
}

// Statistics are of before: the planner takes its documents for one.
TEST_F(DocumentsTest, APageTakesNoLongerInADossierThatWasFilledAtOnce) {
  ASSERT_TRUE(CreateDocument(User(), dossier_, "x").ok());
  {
    pqxx::connection connection(database_.superuser_conninfo());
    pqxx::nontransaction work(connection);
    work.exec("ANALYZE contents, documents");
    work.exec(
        "INSERT INTO contents SELECT tenant_id, md5('content' || n)::uuid, size, sha256,"
        " media_type, wrapped_key, key_version, create_time FROM contents, generate_series(1, "
        "4000) n");
    work.exec(
        "INSERT INTO documents SELECT tenant_id, dossier_id, md5('document' || n)::uuid,"
        " md5('content' || n)::uuid, subject, document_type, document_date, receive_date, "
        "send_date,"
        " sender, recipients, foreign_reference, file_name, creator, revision, create_time,"
        " update_time FROM documents, generate_series(1, 4000) n");
  }
  v1::ListDocumentsRequest request;
  request.set_parent(dossier_);
  request.set_page_size(1000);
  const absl::Time begin = absl::Now();
  const auto page = documents_.List(User(), request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->documents_size(), 1000);
  // A fraction of a second; once for each document it was 15.
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
}

TEST_F(DocumentsTest, NeedContent) {
  v1::CreateDocumentRequest request;
  request.set_parent(dossier_);
  request.mutable_document()->set_subject("x");
  EXPECT_EQ(error::ReasonOf(documents_.Create(User(), request).status()), "FIELD_INVALID");
}

TEST_F(DocumentsTest, AnUploadWithoutANameIsNoContent) {
  EXPECT_EQ(error::ReasonOf(FileUpload(User(), dossier_, "").status()), "FIELD_INVALID");
}

TEST_F(DocumentsTest, ATenantWithoutTheEfileHasNoKey) {
  v1::CreateDocumentRequest request;
  request.set_parent("tenants/sms/dossiers/0190a1b2-0000-7000-8000-000000000099");
  request.mutable_document()->set_subject("x");
  request.set_inline_content("x");
  EXPECT_EQ(error::ReasonOf(documents_.Create(User("sms"), request).status()),
            "TENANT_NOT_PROVISIONED");
}

TEST_F(DocumentsTest, AChangedByteInTheStoreIsDataLossNeverWrongBytes) {
  auto document = CreateDocument(User(), dossier_, std::string(100000, 'x'));
  std::string stored = content_.ReadFile(ContentOf(*document));
  stored[70000] = static_cast<char>(stored[70000] ^ 1);
  content_.WriteFile(ContentOf(*document), stored);
  absl::Status status = Download(User(), document->name()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(error::ReasonOf(status), "CONTENT_DAMAGED");
}

TEST_F(DocumentsTest, AKeyMovedToAnotherContentDoesNotOpen) {
  auto one = CreateDocument(User(), dossier_, "one");
  auto two = CreateDocument(User(), dossier_, "two");
  pqxx::connection connection(database_.superuser_conninfo());
  pqxx::work tx(connection);
  tx.exec(
      "UPDATE contents SET wrapped_key = (SELECT wrapped_key FROM contents WHERE content_id = '" +
      ContentOf(*one).id + "') WHERE content_id = '" + ContentOf(*two).id + "'");
  tx.commit();
  EXPECT_EQ(Download(User(), two->name()).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Download(User(), one->name()).ok());
}

TEST_F(DocumentsTest, AFullDiskRefusesNewDocumentsAndReadingGoesOn) {
  auto before = CreateDocument(User(), dossier_, std::string(50000, 'x'));
  const Caller once = testing::WithRequestId(User());
  auto first = CreateDocument(once, dossier_, std::string(100000, 'z'));
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited{};
  ::getrlimit(RLIMIT_FSIZE, &unlimited);
  rlimit limit{60000, unlimited.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  absl::Status refused = CreateDocument(User(), dossier_, std::string(100000, 'y')).status();
  auto repeated = CreateDocument(once, dossier_, std::string(100000, 'z'));
  auto read = Download(User(), before->name());
  ::setrlimit(RLIMIT_FSIZE, &unlimited);
  EXPECT_EQ(error::ReasonOf(refused), "STORAGE_FULL");
  EXPECT_TRUE(read.ok()) << read.status();
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ(repeated->name(), first->name());
  EXPECT_EQ(Count("documents"), 2);
  EXPECT_EQ(content_.CountFiles(), 2);
}

}  // namespace
}  // namespace sockel::efile
