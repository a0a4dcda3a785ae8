#include "common/error/grpc_status.h"

#include <string>

#include "common/error/error.h"
#include "common/error/payload.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace sockel::error {
namespace {

using google::protobuf::Any;
using google::rpc::BadRequest;
using google::rpc::ErrorInfo;
using google::rpc::PreconditionFailure;

// gRPC's peers take 8 KiB of metadata; what is more they answer with an error
// of their own. Details travel in base64, a third longer.
constexpr std::size_t kMostDetails = 4 * 1024;
constexpr std::size_t kMostMessage = 1024;

// Nothing of it is for the client. DATA_LOSS with a reason says what was lost.
bool IsDefect(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return true;
    case absl::StatusCode::kDataLoss:
      return !internal::GetPayload<ErrorInfo>(status).has_value();
    default:
      return false;
  }
}

void AddInfo(google::rpc::Status& wire, const absl::Status& status, std::string_view domain,
             std::string_view trace_id) {
  ErrorInfo info = internal::GetPayload<ErrorInfo>(status).value_or(ErrorInfo());
  info.set_domain(std::string(domain));
  const bool defect = IsDefect(status);
  if (defect) {
    info.set_reason(errors::v1::CommonReason_Name(errors::v1::INTERNAL_ERROR));
  } else if (info.reason().empty()) {
    info.set_reason(absl::StatusCodeToString(status.code()));
  }
  if (defect || status.code() == absl::StatusCode::kDataLoss) {
    (*info.mutable_metadata())["trace_id"] = std::string(trace_id);
  }
  wire.add_details()->PackFrom(info);
}

// The other google.rpc details. Nothing else leaves the process.
void AddDetails(google::rpc::Status& wire, const absl::Status& status) {
  const std::string own = internal::TypeUrl<ErrorInfo>();
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& bytes) {
    if (url == absl::string_view(own) || url.substr(0, 31) != "type.googleapis.com/google.rpc.") {
      return;
    }
    Any& detail = *wire.add_details();
    detail.set_type_url(std::string(url));
    detail.set_value(std::string(bytes));
  });
}

BadRequest::FieldViolation& AddViolation(BadRequest& details) {
  return *details.add_field_violations();
}
auto& Violations(BadRequest& details) { return *details.mutable_field_violations(); }
PreconditionFailure::Violation& AddViolation(PreconditionFailure& details) {
  return *details.add_violations();
}
auto& Violations(PreconditionFailure& details) { return *details.mutable_violations(); }

// Drops the last violations until `surplus` bytes are gone, and says how many.
template <typename Details>
void DropViolations(Any& detail, std::size_t surplus) {
  Details details;
  if (!detail.Is<Details>() || !detail.UnpackTo(&details)) return;
  constexpr std::size_t kNote = 64;
  const std::size_t before = details.ByteSizeLong();
  int dropped = 0;
  for (; !Violations(details).empty() && before < details.ByteSizeLong() + surplus + kNote;
       ++dropped) {
    Violations(details).RemoveLast();
  }
  AddViolation(details).set_description("and " + std::to_string(dropped) + " more");
  detail.PackFrom(details);
}

void KeepWithinMetadata(google::rpc::Status& wire) {
  if (wire.message().size() > kMostMessage) {
    std::size_t end = kMostMessage;
    while ((static_cast<unsigned char>(wire.message()[end]) & 0xC0) == 0x80) --end;
    wire.mutable_message()->resize(end);
    wire.mutable_message()->append("…");
  }
  for (Any& detail : *wire.mutable_details()) {
    const std::size_t size = wire.ByteSizeLong();
    if (size <= kMostDetails) return;
    DropViolations<BadRequest>(detail, size - kMostDetails);
    DropViolations<PreconditionFailure>(detail, size - kMostDetails);
  }
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status, std::string_view domain,
                    std::string_view trace_id) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status wire;
  const bool defect = IsDefect(status);
  const absl::StatusCode code =
      status.code() == absl::StatusCode::kUnknown ? absl::StatusCode::kInternal : status.code();
  wire.set_code(static_cast<int>(code));
  wire.set_message(defect ? "internal error; tell the operator the trace id"
                          : std::string(status.message()));
  AddInfo(wire, status, domain, trace_id);
  if (!defect) AddDetails(wire, status);
  KeepWithinMetadata(wire);
  return grpc::Status(static_cast<grpc::StatusCode>(code), wire.message(),
                      wire.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status wire;
  if (!wire.ParseFromString(status.error_details())) return result;
  for (const google::protobuf::Any& detail : wire.details()) {
    result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return result;
}

}  // namespace sockel::error
