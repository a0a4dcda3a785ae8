#include "common/paging/paging.h"

#include <gtest/gtest.h>

#include "common/error/error.h"
#include "sockel/audit/v1/audit.pb.h"

namespace sockel::paging {
namespace {

using audit::v1::ListEntriesRequest;

class PagingTest : public ::testing::Test {
 protected:
  PagingTest() {
    caller_.tenant = "smi";
    caller_.method = "sockel.audit.v1.AuditService/ListEntries";
    request_.set_parent("tenants/smi");
    request_.set_resource_prefix("tenants/smi/dossiers/1");
  }

  std::string ReasonFor(const Caller& caller, const ListEntriesRequest& request) {
    return error::ReasonOf(tokens_.Read(caller, request).status());
  }

  Tokens tokens_{std::string(32, 'k')};
  Caller caller_;
  ListEntriesRequest request_;
};

TEST_F(PagingTest, LeadsBackToThePosition) {
  const std::string position("2026-01-05\0id", 13);
  request_.set_page_token(tokens_.Make(caller_, request_, position));
  EXPECT_EQ(*tokens_.Read(caller_, request_), position);
}

TEST_F(PagingTest, StartsAtTheBeginningWithoutAToken) {
  EXPECT_EQ(*tokens_.Read(caller_, request_), "");
}

TEST_F(PagingTest, AllowsAnotherPageSize) {
  request_.set_page_token(tokens_.Make(caller_, request_, "x"));
  request_.set_page_size(7);
  EXPECT_EQ(*tokens_.Read(caller_, request_), "x");
}

TEST_F(PagingTest, RefusesATokenOfAnotherFilter) {
  request_.set_page_token(tokens_.Make(caller_, request_, "x"));
  request_.set_resource_prefix("tenants/smi/dossiers/2");
  EXPECT_EQ(ReasonFor(caller_, request_), "PAGE_TOKEN_INVALID");
}

TEST_F(PagingTest, RefusesATokenOfAnotherTenantOrMethod) {
  request_.set_page_token(tokens_.Make(caller_, request_, "x"));
  EXPECT_EQ(ReasonFor(caller_.InTenant("sma"), request_), "PAGE_TOKEN_INVALID");
  Caller other = caller_;
  other.method = "sockel.audit.v1.AuditService/GetCheckpoint";
  EXPECT_EQ(ReasonFor(other, request_), "PAGE_TOKEN_INVALID");
}

TEST_F(PagingTest, RefusesATokenThatWasTouchedOrInvented) {
  const std::string token = tokens_.Make(caller_, request_, "position");
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string touched = token;
    touched[i] = touched[i] == 'A' ? 'B' : 'A';
    request_.set_page_token(touched);
    EXPECT_EQ(ReasonFor(caller_, request_), "PAGE_TOKEN_INVALID") << i;
  }
  for (const char* invented : {"x", "!!!", "AAAA"}) {
    request_.set_page_token(invented);
    EXPECT_EQ(ReasonFor(caller_, request_), "PAGE_TOKEN_INVALID");
  }
}

TEST_F(PagingTest, RefusesATokenOfAnotherKey) {
  request_.set_page_token(Tokens(std::string(32, 'x')).Make(caller_, request_, "x"));
  EXPECT_EQ(ReasonFor(caller_, request_), "PAGE_TOKEN_INVALID");
}

TEST(PageSizeTest, CoercesInsteadOfRefusing) {
  EXPECT_EQ(PageSize(0), 50);
  EXPECT_EQ(PageSize(10), 10);
  EXPECT_EQ(PageSize(1'000'000), 1000);
}

}  // namespace
}  // namespace sockel::paging
