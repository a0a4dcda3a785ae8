#include "common/rpc/validation.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "common/error/error.h"
#include "common/error/payload.h"
#include "common/rpc/request_plan.h"
#include "common/rpc/testing/library.pb.h"
#include "google/rpc/error_details.pb.h"

namespace sockel::rpc {
namespace {

using testing::Book;
using testing::CreateBookRequest;
using ::testing::ElementsAre;
using testing::GetBookRequest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ListBooksRequest;
using testing::UpdateBookRequest;
using testing::UpdateShelfRequest;

class ValidationTest : public ::testing::Test {
 protected:
  // `field: what would be right` for each violation.
  std::vector<std::string> Wrong(google::protobuf::Message& request,
                                 std::string_view tenant = "smi") {
    const absl::Status status =
        Validate(request, plans_.For(*request.GetDescriptor(), problems_), {.tenant = tenant});
    std::vector<std::string> result;
    auto details = error::internal::GetPayload<google::rpc::BadRequest>(status);
    if (!details) return result;
    for (const auto& violation : details->field_violations()) {
      result.push_back(violation.field() + ": " + violation.description());
    }
    return result;
  }

  std::vector<std::string> WrongBook(const std::string& book) {
    CreateBookRequest request;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "parent: 'tenants/smi' book { title: 'Faust' " + book + " }", &request));
    return Wrong(request);
  }

  std::vector<std::string> WrongUpdate(const std::string& text) {
    UpdateBookRequest request;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request));
    return Wrong(request);
  }

  // Of shelf 1 with `fields`, `paths` in its mask.
  static UpdateShelfRequest ShelfUpdate(const std::string& fields,
                                        const std::vector<std::string>& paths) {
    UpdateShelfRequest request;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "shelf { name: 'tenants/smi/shelves/1' " + fields + " }", &request));
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return request;
  }

  std::vector<std::string> WrongShelf(const std::string& fields,
                                      const std::vector<std::string>& paths) {
    UpdateShelfRequest request = ShelfUpdate(fields, paths);
    return Wrong(request);
  }

  MessagePlans plans_;
  std::vector<std::string> problems_;
};

TEST_F(ValidationTest, FindsNothingWrongWithAGoodRequest) {
  EXPECT_THAT(WrongBook("genre: NOVEL pages: 300 isbn: '9783150000014' sha256: 'abcd' "
                        "published { year: 1808 month: 4 day: 12 } price: 7.5"),
              IsEmpty());
  EXPECT_THAT(problems_, IsEmpty());
}

// Sorting marks takes the square of their number: a megabyte would take hours.
TEST_F(ValidationTest, RefusesTextThatTakesForeverToNormaliseBeforeNormalisingIt) {
  std::string marks;
  for (int i = 0; i < 300'000; ++i) marks += "\xCC\x80";
  for (int i = 0; i < 300'000; ++i) marks += "\xCC\x96";
  CreateBookRequest request;
  request.set_parent("tenants/smi");
  request.mutable_book()->set_title(marks);
  EXPECT_THAT(Wrong(request), ElementsAre("book.title: must have at most 20 characters"));
  request.mutable_book()->set_title("e" + marks.substr(0, 2 * 31));
  EXPECT_THAT(Wrong(request),
              ElementsAre("book.title: must not have more than 30 combining marks in a row"));
}

TEST_F(ValidationTest, DemandsRequiredFieldsAtEveryDepth) {
  CreateBookRequest request;
  EXPECT_THAT(Wrong(request), ElementsAre("parent: is required", "book: is required"));
  request.set_parent("tenants/smi");
  request.mutable_book();
  EXPECT_THAT(Wrong(request), ElementsAre("book.title: is required"));
}

struct Case {
  const char* book;
  const char* violation;
};

class BookTest : public ValidationTest, public ::testing::WithParamInterface<Case> {};

TEST_P(BookTest, NamesTheFieldAndWhatWouldBeRight) {
  EXPECT_THAT(WrongBook(GetParam().book), ElementsAre(GetParam().violation));
}

INSTANTIATE_TEST_SUITE_P(
    All, BookTest,
    ::testing::Values(
        Case{"isbn: '12'", "book.isbn: must be 13 digits"},
        Case{"isbn: '9783150000014x'", "book.isbn: must be 13 digits"},
        Case{"genre: 17", "book.genre: must be one of NOVEL, MANUAL"},
        Case{"genre: -1", "book.genre: must be one of NOVEL, MANUAL"},
        Case{"pages: -5", "book.pages: must be at least 1"},
        Case{"pages: 5001", "book.pages: must be at most 5000"},
        Case{"sha256: 'abc'", "book.sha256: must have exactly 4 bytes"},
        Case{"tags: ['a', 'b', 'c', 'd']", "book.tags: must have at most 3 elements"},
        Case{"tags: ['a', 'b\\000']", "book.tags[1]: must not contain the character NUL"},
        Case{"labels { key: 'a' value: 'x\\000' }",
             "book.labels[\"a\"]: must not contain the character NUL"},
        Case{"labels { key: 'a\\000b' value: 'x' }",
             "book.labels[\"a\\000b\"].key: must not contain the character NUL"},
        Case{"labels { key: 'a\"]\\n' value: 'x\\000' }",
             "book.labels[\"a\\\"]\\n\"]: must not contain the character NUL"},
        Case{"extra { fields { key: 'a' value { struct_value { fields { key: 'b' value { "
             "number_value: nan } } } } } }",
             "book.extra.fields[\"a\"].struct_value.fields[\"b\"].number_value: must be a finite "
             "number"},
        Case{"etag: 'a\\000b'", "book.etag: must not contain the character NUL"},
        Case{"sequel_of: 'books/1'",
             "book.sequel_of: must have the form tenants/{tenant}/books/{book}"},
        Case{"sequel_of: 'tenants/smi/books/../b'",
             "book.sequel_of: must have the form tenants/{tenant}/books/{book}"},
        Case{"sequel_of: 'tenants/sma/books/1'", "book.sequel_of: must lie in tenants/smi"},
        Case{"published { year: 2026 month: 2 day: 30 }",
             "book.published: must be a day of the calendar, with year, month and day"},
        Case{"published { year: 2147483647 month: 2147483647 day: 1 }",
             "book.published: must be a day of the calendar, with year, month and day"},
        Case{"bought { seconds: -99999999999 }",
             "book.bought: must be a time in the years 1 to 9999"},
        Case{"bought { nanos: -1 }", "book.bought: must be a time in the years 1 to 9999"},
        Case{"price: nan", "book.price: must be a finite number"},
        Case{"price: inf", "book.price: must be a finite number"}));

TEST_F(ValidationTest, CountsCharactersNotBytes) {
  CreateBookRequest request;
  request.set_parent("tenants/smi");
  std::string title;
  for (int i = 0; i < 20; ++i) title += "ü";
  request.mutable_book()->set_title(title);
  EXPECT_THAT(Wrong(request), IsEmpty());
  request.mutable_book()->set_title(title + "x");
  EXPECT_THAT(Wrong(request), ElementsAre("book.title: must have at most 20 characters"));
}

TEST_F(ValidationTest, LimitsTextWithoutRulesToo) {
  EXPECT_THAT(WrongBook("etag: '" + std::string(1024, 'x') + "'"), IsEmpty());
  EXPECT_THAT(WrongBook("etag: '" + std::string(1025, 'x') + "'"),
              ElementsAre("book.etag: must have at most 1024 characters"));
}

TEST_F(ValidationTest, TheRulesOfAMapHoldForItsValuesNotForItsKeys) {
  const auto wrong = [&](const std::map<std::string, std::string>& texts) {
    CreateBookRequest request;
    request.set_parent("tenants/smi");
    request.mutable_book()->set_title("Faust");
    request.mutable_book()->mutable_texts()->insert(texts.begin(), texts.end());
    return Wrong(request);
  };
  EXPECT_THAT(wrong({{"a", std::string(2000, 'x')}, {std::string(1024, 'k'), "x"}}), IsEmpty());
  EXPECT_THAT(wrong({{"a", std::string(2001, 'x')}}),
              ElementsAre("book.texts[\"a\"]: must have at most 2000 characters"));
  EXPECT_THAT(wrong({{std::string(1025, 'k'), "x"}}),
              ElementsAre("book.texts[\"" + std::string(64, 'k') +
                          "…\"].key: must have at most 1024 characters"));
  EXPECT_THAT(wrong({{"a", "x"}, {"b", "x"}, {"c", "x"}, {"d", "x"}}),
              ElementsAre("book.texts: must have at most 3 elements"));
}

TEST_F(ValidationTest, AMapWithoutRulesHasTheLimitOfAnyText) {
  CreateBookRequest request;
  request.set_parent("tenants/smi");
  request.mutable_book()->set_title("Faust");
  (*request.mutable_book()->mutable_labels())["a"] = std::string(1025, 'x');
  EXPECT_THAT(Wrong(request), ElementsAre("book.labels[\"a\"]: must have at most 1024 characters"));
}

TEST_F(ValidationTest, BringsTextToNormalFormC) {
  CreateBookRequest request;
  request.set_parent("tenants/smi");
  request.mutable_book()->set_title("Mu\xCC\x88ller");
  request.mutable_book()->add_tags("A\xCC\x8A");
  EXPECT_THAT(Wrong(request), IsEmpty());
  EXPECT_EQ(request.book().title(), "Müller");
  EXPECT_EQ(request.book().tags(0), "Å");
}

TEST_F(ValidationTest, ClearsWhatOnlyTheServerSets) {
  CreateBookRequest request;
  request.set_parent("tenants/smi");
  request.mutable_book()->set_title("Faust");
  request.mutable_book()->set_name("tenants/smi/books/chosen-by-the-client");
  request.mutable_book()->mutable_create_time()->set_seconds(1);
  request.mutable_book()->set_etag("e1");
  EXPECT_THAT(Wrong(request), IsEmpty());
  EXPECT_EQ(request.book().name(), "");
  EXPECT_FALSE(request.book().has_create_time());
  EXPECT_EQ(request.book().etag(), "e1");
}

TEST_F(ValidationTest, DemandsAUuidAsRequestId) {
  CreateBookRequest request;
  request.set_parent("tenants/smi");
  request.mutable_book()->set_title("Faust");
  request.set_request_id("1");
  EXPECT_THAT(Wrong(request), ElementsAre("request_id: must be a UUID"));
}

TEST_F(ValidationTest, RefusesANegativePageSizeOnly) {
  ListBooksRequest request;
  request.set_parent("tenants/smi");
  request.set_page_size(1'000'000);
  EXPECT_THAT(Wrong(request), IsEmpty());
  request.set_page_size(-1);
  EXPECT_THAT(Wrong(request), ElementsAre("page_size: must not be negative"));
}

TEST_F(ValidationTest, TakesAllTenantsOnlyAsParentOfAListAcrossTenants) {
  ListBooksRequest list;
  list.set_parent("tenants/-");
  EXPECT_THAT(Wrong(list, "*"), IsEmpty());
  EXPECT_THAT(Wrong(list, "smi"), ElementsAre(HasSubstr("must have the form tenants/{tenant}")));
  GetBookRequest get;
  get.set_name("tenants/-/books/1");
  EXPECT_THAT(Wrong(get, "*"), ElementsAre(HasSubstr("must have the form")));
}

TEST_F(ValidationTest, ReportsAtMostTwentyViolations) {
  Book book;
  CreateBookRequest request;
  request.set_parent("tenants/smi");
  request.mutable_book()->set_title("x");
  for (int i = 0; i < 100; ++i) {
    (*request.mutable_book()->mutable_labels())[std::to_string(i)] = std::string(1, '\0');
  }
  EXPECT_EQ(Wrong(request).size(), 20u);
}

TEST_F(ValidationTest, BoundsTheDepthOfNesting) {
  CreateBookRequest request;
  request.set_parent("tenants/smi");
  request.mutable_book()->set_title("x");
  google::protobuf::Struct* level = request.mutable_book()->mutable_extra();
  for (int i = 0; i < 2'000; ++i) {
    level = (*level->mutable_fields())["x"].mutable_struct_value();
  }
  EXPECT_THAT(Wrong(request), ElementsAre(HasSubstr("is nested too deeply")));
}

TEST_F(ValidationTest, AnUpdateNeedsTheNameOfAnExistingResource) {
  EXPECT_THAT(WrongUpdate("book { title: 'x' }"), ElementsAre("book.name: is required"));
  EXPECT_THAT(WrongUpdate("book { name: 'books/1' title: 'x' }"),
              ElementsAre("book.name: must have the form tenants/{tenant}/books/{book}"));
  EXPECT_THAT(WrongUpdate("book { name: 'tenants/sma/books/1' title: 'x' }"),
              ElementsAre("book.name: must lie in tenants/smi"));
}

TEST_F(ValidationTest, AnUpdateDemandsOnlyWhatItsMaskCovers) {
  const std::string book = "book { name: 'tenants/smi/books/1' pages: 3 } ";
  EXPECT_THAT(WrongUpdate(book), IsEmpty());
  EXPECT_THAT(WrongUpdate(book + "update_mask { paths: 'pages' }"), IsEmpty());
  EXPECT_THAT(WrongUpdate(book + "update_mask { paths: ['pages', 'title'] }"),
              ElementsAre("book.title: is required"));
  EXPECT_THAT(WrongUpdate(book + "update_mask { paths: '*' }"),
              ElementsAre("book.title: is required"));
}

TEST_F(ValidationTest, AnUpdateDemandsNothingThatItCannotChange) {
  EXPECT_THAT(WrongShelf("label: 'A'", {"*"}), IsEmpty());
  EXPECT_THAT(WrongShelf("", {"*"}), ElementsAre("shelf.label: is required"));
  EXPECT_THAT(WrongShelf("label: 'A' room: 'cellar'", {"*"}), IsEmpty());
  EXPECT_THAT(WrongShelf("label: 'A' room: 'cellar'", {}), IsEmpty());
}

TEST_F(ValidationTest, AnUpdateLooksOnlyAtWhatItsMaskNames) {
  const std::string tall = "'" + std::string(21, 'x') + "'";
  EXPECT_THAT(WrongShelf("label: 'A' note: " + tall, {"label"}), IsEmpty());
  EXPECT_THAT(WrongShelf("label: 'A' note: " + tall, {"label", "note"}),
              ElementsAre("shelf.note: must have at most 20 characters"));
  EXPECT_THAT(WrongShelf("label: 'A' note: " + tall, {"*"}),
              ElementsAre("shelf.note: must have at most 20 characters"));
  EXPECT_THAT(WrongShelf("note: " + tall, {}),
              ElementsAre("shelf.note: must have at most 20 characters"));
  EXPECT_THAT(WrongShelf("label: 'A' etag: " + tall, {"label"}),
              ElementsAre("shelf.etag: must have at most 20 characters"));
  EXPECT_THAT(WrongShelf("board { material: " + tall + " }", {"note"}), IsEmpty());
  EXPECT_THAT(WrongShelf("board { material: " + tall + " }", {"board.material"}),
              ElementsAre("shelf.board.material: must have at most 20 characters"));
  EXPECT_THAT(WrongShelf("board {}", {"board"}), ElementsAre("shelf.board.material: is required"));
}

TEST_F(ValidationTest, AnUpdateHandsOnWhatItMeansAlone) {
  UpdateShelfRequest request = ShelfUpdate("label: 'A' room: '7' note: 'x' etag: 'e1'", {"label"});
  EXPECT_THAT(Wrong(request), IsEmpty());
  EXPECT_EQ(request.shelf().ShortDebugString(),
            "name: \"tenants/smi/shelves/1\" label: \"A\" etag: \"e1\"");
}

TEST_F(ValidationTest, AnUpdateRefusesUnknownPaths) {
  EXPECT_THAT(WrongUpdate("book { name: 'tenants/smi/books/1' } update_mask { paths: 'author' }"),
              ElementsAre(HasSubstr("update_mask: must name fields of the resource; there is no "
                                    "`author`")));
}

TEST_F(ValidationTest, TellsTheTenantFromTheFirstNameThatHasOne) {
  const auto tenant = [&](const google::protobuf::Message& request) {
    return std::string(
        RequestPlan(plans_.For(*request.GetDescriptor(), problems_)).Tenant(request));
  };
  GetBookRequest get;
  EXPECT_EQ(tenant(get), "");
  get.set_name("tenants/smi/books/1");
  EXPECT_EQ(tenant(get), "smi");
  get.set_name("offerings/efile");
  EXPECT_EQ(tenant(get), "");
  UpdateBookRequest update;
  update.mutable_book()->set_name("tenants/sma/books/1");
  EXPECT_EQ(tenant(update), "sma");
  CreateBookRequest create;
  create.mutable_book()->set_name("tenants/sma/books/1");
  EXPECT_EQ(tenant(create), "");
}

TEST(ResourcePatternTest, MatchesWholeNamesOnly) {
  const ResourcePattern pattern("tenants/{tenant}/books/{book}");
  EXPECT_TRUE(pattern.Matches("tenants/smi/books/b.1_x-2", false));
  for (const char* bad :
       {"", "tenants", "tenants/smi", "tenants/smi/books", "tenants/smi/books/",
        "tenants/smi/books/1/", "/tenants/smi/books/1", "tenants/smi/pages/1",
        "tenants/smi/books/1/pages/2", "tenants/smi/books/.hidden", "tenants/smi/books/ä",
        "tenants/smi/books/a b", "tenants/smi//1", "tenants/-/books/1"}) {
    EXPECT_FALSE(pattern.Matches(bad, false)) << bad;
  }
  EXPECT_FALSE(pattern.Matches("tenants/smi/books/" + std::string(65, 'x'), false));
  EXPECT_TRUE(pattern.Matches("tenants/smi/books/" + std::string(64, 'x'), false));
}

TEST(ResourcePatternTest, AnyNameHasPairsOfCollectionAndId) {
  const ResourcePattern any = ResourcePattern::Any();
  EXPECT_TRUE(any.Matches("tenants/smi/books/1", false));
  EXPECT_TRUE(any.Matches("offerings/efile", false));
  EXPECT_FALSE(any.Matches("offerings", false));
  EXPECT_FALSE(any.Matches("tenants/smi/books", false));
  EXPECT_FALSE(any.Matches("", false));
  EXPECT_EQ(ResourcePattern("tenants/{t}/books/{b}").Parent().text(), "tenants/{t}");
}

}  // namespace
}  // namespace sockel::rpc
