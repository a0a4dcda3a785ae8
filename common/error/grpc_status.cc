#include "common/error/grpc_status.h"

#include <string>

#include "common/error/error.h"
#include "common/error/payload.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace sockel::error {
namespace {

using google::rpc::ErrorInfo;

bool IsDefect(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

void AddInfo(google::rpc::Status& wire, const absl::Status& status, std::string_view domain,
             std::string_view trace_id) {
  ErrorInfo info = internal::GetPayload<ErrorInfo>(status).value_or(ErrorInfo());
  info.set_domain(std::string(domain));
  if (IsDefect(status.code())) {
    info.set_reason(errors::v1::CommonReason_Name(errors::v1::INTERNAL_ERROR));
    (*info.mutable_metadata())["trace_id"] = std::string(trace_id);
  } else if (info.reason().empty()) {
    info.set_reason(absl::StatusCodeToString(status.code()));
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
    google::protobuf::Any& detail = *wire.add_details();
    detail.set_type_url(std::string(url));
    detail.set_value(std::string(bytes));
  });
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status, std::string_view domain,
                    std::string_view trace_id) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status wire;
  const absl::StatusCode code =
      status.code() == absl::StatusCode::kUnknown ? absl::StatusCode::kInternal : status.code();
  wire.set_code(static_cast<int>(code));
  wire.set_message(IsDefect(code) ? "internal error; tell the operator the trace id"
                                  : std::string(status.message()));
  AddInfo(wire, status, domain, trace_id);
  if (!IsDefect(code)) AddDetails(wire, status);
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
