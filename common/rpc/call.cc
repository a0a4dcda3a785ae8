#include "common/rpc/call.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error/grpc_status.h"
#include "common/rpc/validation.h"
#include "common/trace/traceparent.h"

namespace sockel::rpc::internal {
namespace {

using error::CommonReason;

constexpr char kPushback[] = "grpc-retry-pushback-ms";

std::string_view View(grpc::string_ref ref) { return {ref.data(), ref.size()}; }

grpc::string_ref Find(const grpc::CallbackServerContext& context, const char* key) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(key);
  return found == metadata.end() ? grpc::string_ref() : found->second;
}

// `Bearer x` → `x`; empty for other schemes.
grpc::string_ref BearerIn(grpc::string_ref header) {
  constexpr std::size_t kPrefix = sizeof("Bearer ") - 1;
  const absl::string_view text(header.data(), header.size());
  if (!absl::StartsWithIgnoreCase(text, "Bearer ")) return {};
  return header.substr(kPrefix);
}

// `ipv4:10.0.0.1:4711` → `ipv4:10.0.0.1`.
std::string WithoutPort(std::string peer) {
  const std::size_t colon = peer.rfind(':');
  if (peer.compare(0, 2, "ip") == 0 && colon != std::string::npos) peer.resize(colon);
  return peer;
}

absl::Status PermissionMissing(std::string_view permission) {
  std::string message("the permission ");
  message.append(permission).append(" is needed");
  return error::Make(absl::StatusCode::kPermissionDenied, CommonReason::PERMISSION_MISSING, message,
                     {{"permission", permission}});
}

}  // namespace

Call::Call(Core& core, const MethodState& method, grpc::CallbackServerContext* context)
    : core_(core), method_(method), context_(context), start_(absl::Now()) {}

absl::Status Call::Admit(absl::Duration default_deadline, const WorkerPool& pool) {
  if (method_.plan == nullptr) return error::Internal("a door's function is not named as its RPC");
  if (core_.draining()) return Draining();
  const absl::Time deadline = absl::FromChrono(context_->deadline());
  const absl::Duration left = deadline - start_;
  if (left > absl::Hours(24 * 365)) {
    caller_.deadline = start_ + default_deadline;
    return absl::OkStatus();
  }
  caller_.deadline = deadline;
  if (left < core_.options().least_remaining || left < pool.ExpectedWait()) {
    return error::Make(absl::StatusCode::kDeadlineExceeded, CommonReason::DEADLINE_TOO_SHORT,
                       "too little time was left for an answer");
  }
  return absl::OkStatus();
}

void Call::ReadMetadata() {
  if (metadata_read_) return;
  metadata_read_ = true;
  bearer_ = BearerIn(Find(*context_, "authorization"));
  auto trace = trace::Parse(View(Find(*context_, trace::kHeader.data())));
  caller_.trace_id = trace ? std::move(trace->trace_id) : trace::NewTraceId();
  caller_.span_id = trace::NewSpanId();
}

bool Call::IsCallerKnown() {
  ReadMetadata();
  if (method_.access == options::v1::ACCESS_PUBLIC || bearer_.empty()) return true;
  principal_ = core_.options().authenticator.Known(View(bearer_));
  return principal_ != nullptr;
}

absl::Status Call::Prepare(google::protobuf::Message& request) {
  ReadMetadata();
  caller_.method = method_.full_name;
  caller_.permission = method_.permission;
  if (absl::Status status = Authenticate(); !status.ok()) return status;
  if (absl::Status status = Authorise(request); !status.ok()) return status;
  const RequestPlan& plan = *method_.plan;
  absl::Status status = Validate(request, plan.message(), {.tenant = caller_.tenant});
  if (!status.ok()) return status;
  caller_.request_id = plan.RequestId(request);
  if (!caller_.request_id.empty()) {
    caller_.request_hash = plan.Hash(request, method_.full_name, caller_.subject);
  }
  return absl::OkStatus();
}

absl::Status Call::ValidateNext(google::protobuf::Message& request) const {
  return Validate(request, method_.plan->message(), {.tenant = caller_.tenant, .complete = false});
}

absl::Status Call::StillWanted() const {
  if (absl::Now() >= caller_.deadline) {
    return error::Make(absl::StatusCode::kDeadlineExceeded, CommonReason::DEADLINE_TOO_SHORT,
                       "the time ran out before the work began");
  }
  return context_->IsCancelled() ? Cancelled() : absl::OkStatus();
}

absl::Status Call::TakeShare(OpenStream& stream) const {
  if (core_.streams().Assign(stream, caller_.home_tenant)) return absl::OkStatus();
  return Overloaded(core_.workers());
}

absl::Status Call::StillAllowed() const {
  if (Standing() != Authenticator::Standing::kRevoked) return absl::OkStatus();
  return error::Make(absl::StatusCode::kUnauthenticated, CommonReason::TOKEN_REVOKED,
                     "the token was revoked: get a new one; if that is refused, sign in again");
}

bool Call::HasExpired() const { return Standing() == Authenticator::Standing::kExpired; }

Authenticator::Standing Call::Standing() const {
  if (principal_ == nullptr) return Authenticator::Standing::kGood;
  return core_.options().authenticator.StandingOf(*principal_);
}

absl::Status Call::Authenticate() {
  if (method_.access == options::v1::ACCESS_PUBLIC) {
    caller_.peer = WithoutPort(context_->peer());
    return absl::OkStatus();
  }
  if (bearer_.empty()) {
    return error::Make(absl::StatusCode::kUnauthenticated, CommonReason::TOKEN_MISSING,
                       "send an access token in the metadata `authorization: Bearer …`");
  }
  const Authenticator& authenticator = core_.options().authenticator;
  if (principal_ == nullptr) principal_ = authenticator.Known(View(bearer_));
  if (principal_ == nullptr) {
    auto result = authenticator.Authenticate(View(bearer_));
    if (!result.ok()) return result.status();
    principal_ = *std::move(result);
  }
  caller_.subject = principal_->subject;
  caller_.home_tenant = principal_->tenant;
  caller_.roles = principal_->roles;
  caller_.session = principal_->session;
  caller_.on_behalf_of = principal_->on_behalf_of;
  return absl::OkStatus();
}

absl::Status Call::Authorise(const google::protobuf::Message& request) {
  std::string_view field;
  const std::string_view named = method_.plan->Tenant(request, &field);
  if (named.empty()) return AuthoriseIn(caller_.home_tenant);
  if (named == "-" && method_.lists && field == "parent") return AuthoriseIn("*");
  if (!IsTenantCode(named)) {
    return error::InvalidField(field, "must name a tenant: 2 to 40 of a-z, 0-9 and -");
  }
  return AuthoriseIn(named);
}

absl::Status Call::AuthoriseIn(std::string_view tenant) {
  switch (method_.access) {
    case options::v1::ACCESS_PUBLIC:
      break;
    case options::v1::ACCESS_AUTHENTICATED:
      if (tenant != caller_.home_tenant) {
        return error::Make(absl::StatusCode::kPermissionDenied, CommonReason::PERMISSION_MISSING,
                           "this can only be asked in the own tenant");
      }
      break;
    default:
      if (method_.permission.empty() ||
          !core_.options().allows(caller_.roles, method_.permission, caller_.home_tenant, tenant)) {
        return PermissionMissing(method_.permission);
      }
  }
  caller_.tenant = tenant;
  return absl::OkStatus();
}

absl::Status Call::Malformed() const {
  return error::Make(
      absl::StatusCode::kInvalidArgument, CommonReason::FIELD_INVALID,
      absl::StrCat("what was sent is not a valid ", method_.plan->message().descriptor->full_name(),
                   ", or has text that is not UTF-8"));
}

void Call::AddTrailers(const absl::Status& status) {
  const absl::Duration retry_after = error::RetryAfterOf(status);
  if (retry_after > absl::ZeroDuration()) {
    context_->AddTrailingMetadata(kPushback, absl::StrCat(absl::ToInt64Milliseconds(retry_after)));
  } else if (absl::IsResourceExhausted(status)) {
    // STORAGE_FULL: retry policies, which know the code only, would repeat it.
    context_->AddTrailingMetadata(kPushback, "-1");
  }
}

grpc::Status Call::OnTheWire(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  ReadMetadata();
  AddTrailers(status);
  return error::ToGrpc(status, core_.options().error_domain, caller_.trace_id);
}

grpc::Status Call::Conclude(const absl::Status& status) {
  grpc::Status wire = OnTheWire(status);
  const absl::Duration took = absl::Now() - start_;
  method_.handled[static_cast<std::size_t>(wire.error_code())]->Increment();
  method_.duration->Observe(absl::ToDoubleSeconds(took));
  const bool defect = wire.error_code() == grpc::StatusCode::INTERNAL ||
                      wire.error_code() == grpc::StatusCode::DATA_LOSS;
  core_.options().log.Write({.method = method_.full_name,
                             .code = static_cast<absl::StatusCode>(wire.error_code()),
                             .reason = status.ok() ? std::string() : error::ReasonOf(status),
                             .duration = took,
                             .tenant = caller_.tenant,
                             .trace_id = caller_.trace_id,
                             .defect = defect ? error::LogMessageOf(status) : std::string()});
  return wire;
}

absl::Status Overloaded(const WorkerPool& workers) {
  absl::Status status = error::Make(absl::StatusCode::kResourceExhausted, CommonReason::OVERLOADED,
                                    "the service has as much to do as it can accept");
  error::SetRetryAfter(status, absl::Milliseconds(100) + 2 * workers.ExpectedWait());
  return status;
}

absl::Status Draining() {
  return error::Unavailable(CommonReason::DRAINING, "this server is stopping; connect again",
                            absl::Milliseconds(100));
}

absl::Status Cancelled() {
  return error::Make(absl::StatusCode::kCancelled, CommonReason::CALL_CANCELLED,
                     "the caller went away");
}

absl::Status Idle(std::string_view what) {
  return error::Make(absl::StatusCode::kDeadlineExceeded, CommonReason::STREAM_IDLE,
                     absl::StrCat("the client ", std::string(what),
                                  " for too long; begin again where it has got to"));
}

absl::Status Escaped(const char* what) {
  return error::Internal(absl::StrCat("exception: ", what));
}

}  // namespace sockel::rpc::internal
