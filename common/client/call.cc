#include "common/client/call.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/client/channel_factory.h"
#include "common/error/error.h"
#include "common/ids/ids.h"
#include "common/trace/traceparent.h"

namespace sockel::client {

void Prepare(grpc::ClientContext& context, const CallOptions& options) {
  absl::Time deadline = absl::Now() + options.timeout;
  if (options.caller != nullptr) {
    const Caller& caller = *options.caller;
    deadline = std::min(deadline, caller.deadline);
    if (!caller.trace_id.empty() && !caller.span_id.empty()) {
      context.AddMetadata(std::string(trace::kHeader),
                          trace::Format({caller.trace_id, caller.span_id}));
    }
  }
  context.set_deadline(absl::ToChronoTime(deadline));
  context.set_wait_for_ready(options.wait_for_ready);
  if (!options.bearer.empty()) {
    context.AddMetadata("authorization", absl::StrCat("Bearer ", options.bearer));
  }
}

void FillRequestId(google::protobuf::Message& request) {
  using google::protobuf::FieldDescriptor;
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("request_id");
  if (field == nullptr || field->is_repeated() || field->type() != FieldDescriptor::TYPE_STRING) {
    return;
  }
  const google::protobuf::Reflection* reflection = request.GetReflection();
  if (!reflection->GetString(request, field).empty()) return;
  reflection->SetString(&request, field, ids::NewUuidV4());
}

absl::Status CheckSize(const google::protobuf::Message& request) {
  if (request.ByteSizeLong() <= kMostMessageBytes) return absl::OkStatus();
  return error::Make(absl::StatusCode::kInvalidArgument, error::CommonReason::MESSAGE_TOO_LARGE,
                     absl::StrCat("the request must not be larger than ", kMostMessageBytes,
                                  " bytes; it was not sent"));
}

bool NeedsAnotherToken(const absl::Status& status, const CallOptions& options) {
  if (!absl::IsUnauthenticated(status) || !options.bearer.empty()) return false;
  const std::string reason = error::ReasonOf(status);
  return reason == CommonReason_Name(error::CommonReason::TOKEN_REVOKED) ||
         reason == CommonReason_Name(error::CommonReason::TOKEN_EXPIRED);
}

}  // namespace sockel::client
