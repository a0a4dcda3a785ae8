#include "common/error/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/grpc_status.h"
#include "google/rpc/status.pb.h"

namespace sockel::error {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

google::rpc::Status OnTheWire(const absl::Status& status) {
  google::rpc::Status wire;
  EXPECT_TRUE(wire.ParseFromString(ToGrpc(status, "test.sockel", "abc").error_details()));
  return wire;
}

google::rpc::ErrorInfo InfoOf(const google::rpc::Status& wire) {
  google::rpc::ErrorInfo info;
  int found = 0;
  for (const auto& detail : wire.details()) found += detail.UnpackTo(&info) ? 1 : 0;
  EXPECT_EQ(found, 1);
  return info;
}

TEST(ErrorTest, CarriesReasonMetadataAndDomain) {
  const absl::Status status = Make(absl::StatusCode::kFailedPrecondition, "DOSSIER_CLOSED",
                                   "The dossier is closed.", {{"state", "CLOSED"}});
  EXPECT_EQ(ReasonOf(status), "DOSSIER_CLOSED");
  const google::rpc::ErrorInfo info = InfoOf(OnTheWire(status));
  EXPECT_EQ(info.reason(), "DOSSIER_CLOSED");
  EXPECT_EQ(info.domain(), "test.sockel");
  EXPECT_EQ(info.metadata().at("state"), "CLOSED");
}

TEST(ErrorTest, WhoGivesAnOldEtagIsToldToReadAgain) {
  EXPECT_TRUE(CheckEtag("", "3", "tenants/smi").ok());
  EXPECT_TRUE(CheckEtag("3", "3", "tenants/smi").ok());
  const absl::Status status = CheckEtag("2", "3", "tenants/smi");
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(status), "ETAG_MISMATCH");
}

TEST(ErrorTest, WhatItIsAboutIsMetadataAndResourceInfo) {
  for (const absl::Status& status :
       {NotFound("tenants/smi"), AlreadyExists("tenants/smi"), CheckEtag("2", "3", "tenants/smi"),
        FailedPrecondition("TENANT_SUSPENDED", "The tenant is suspended.",
                           {{"resource", "tenants/smi"}})}) {
    const google::rpc::Status wire = OnTheWire(status);
    EXPECT_EQ(InfoOf(wire).metadata().at("resource"), "tenants/smi");
    google::rpc::ResourceInfo resource;
    for (const auto& detail : wire.details()) detail.UnpackTo(&resource);
    EXPECT_EQ(resource.resource_name(), "tenants/smi") << status;
  }
}

TEST(ErrorTest, ListsEveryFieldThatIsWrong) {
  absl::Status status = InvalidField("dossier.title", "must not be empty");
  AddFieldViolation(status, "request_id", "must be a UUID");
  google::rpc::BadRequest details;
  const google::rpc::Status wire = OnTheWire(status);
  for (const auto& detail : wire.details()) detail.UnpackTo(&details);
  ASSERT_EQ(details.field_violations_size(), 2);
  EXPECT_EQ(details.field_violations(0).field(), "dossier.title");
  EXPECT_EQ(details.field_violations(1).description(), "must be a UUID");
}

TEST(ErrorTest, TellsWhenToRetryOnBothSides) {
  const absl::Status status =
      Unavailable(errors::v1::DATABASE_UNAVAILABLE, "no database", absl::Milliseconds(1500));
  EXPECT_EQ(RetryAfterOf(status), absl::Milliseconds(1500));
  const absl::Status received = FromGrpc(ToGrpc(status, "test.sockel"));
  EXPECT_EQ(received.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(RetryAfterOf(received), absl::Milliseconds(1500));
  EXPECT_EQ(ReasonOf(received), "DATABASE_UNAVAILABLE");
}

TEST(ErrorTest, KeepsDefectsFromTheClientButNotFromTheLog) {
  const absl::Status status = Internal("relation \"users\" does not exist");
  EXPECT_THAT(LogMessageOf(status), HasSubstr("users"));
  const grpc::Status wire = ToGrpc(status, "test.sockel", "0af7");
  EXPECT_THAT(wire.error_message() + wire.error_details(), Not(HasSubstr("users")));
  EXPECT_EQ(InfoOf(OnTheWire(status)).metadata().at("trace_id"), "abc");
}

// gRPC's default for metadata is 8 KiB; base64 makes three bytes four.
TEST(ErrorTest, FitsIntoTheMetadataOfAnAnswerHoweverMuchIsWrong) {
  absl::Status status = InvalidField("recipients[0]", std::string(2000, 'x'));
  for (int i = 1; i < 1000; ++i) {
    AddFieldViolation(status, "recipients[" + std::to_string(i) + "]", "must be an address");
  }
  const grpc::Status wire = ToGrpc(status, "test.sockel", "0af7");
  EXPECT_LT(wire.error_details().size() * 4 / 3 + wire.error_message().size(), 7'000u);
  google::rpc::BadRequest details;
  const google::rpc::Status sent = OnTheWire(status);
  for (const auto& detail : sent.details()) detail.UnpackTo(&details);
  ASSERT_GT(details.field_violations_size(), 1);
  EXPECT_EQ(details.field_violations(0).field(), "recipients[0]");
  EXPECT_THAT(details.field_violations().rbegin()->description(), HasSubstr(" more"));
}

TEST(ErrorTest, TellsWhatWasLost) {
  const absl::Status status =
      Make(absl::StatusCode::kDataLoss, "CONTENT_DAMAGED", "The content is damaged.");
  const grpc::Status wire = ToGrpc(status, "test.sockel", "0af7");
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(wire.error_message(), "The content is damaged.");
  const google::rpc::ErrorInfo info = InfoOf(OnTheWire(status));
  EXPECT_EQ(info.reason(), "CONTENT_DAMAGED");
  EXPECT_EQ(info.metadata().at("trace_id"), "abc");
}

TEST(ErrorTest, TurnsAnUnknownErrorIntoAnInternalOne) {
  const grpc::Status wire = ToGrpc(absl::UnknownError("std::bad_cast"), "test.sockel");
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(wire.error_message() + wire.error_details(), Not(HasSubstr("bad_cast")));
}

TEST(ErrorTest, GivesAReasonToAnErrorWithoutOne) {
  EXPECT_EQ(InfoOf(OnTheWire(absl::NotFoundError("x"))).reason(), "NOT_FOUND");
}

}  // namespace
}  // namespace sockel::error
