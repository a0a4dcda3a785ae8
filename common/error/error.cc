#include "common/error/error.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/error/payload.h"

namespace sockel::error {
namespace {

using google::rpc::BadRequest;
using google::rpc::ErrorInfo;
using google::rpc::PreconditionFailure;
using google::rpc::ResourceInfo;
using google::rpc::RetryInfo;

// Carries the text of Internal(); never leaves the process.
constexpr char kLogUrl[] = "sockel/log";

absl::Status Plain(absl::StatusCode code, std::string_view message) {
  return absl::Status(code, absl::string_view(message.data(), message.size()));
}

}  // namespace

absl::Status Make(absl::StatusCode code, std::string_view reason, std::string_view message,
                  Metadata metadata) {
  absl::Status status = Plain(code, message);
  ErrorInfo info;
  info.set_reason(std::string(reason));
  for (const auto& [key, value] : metadata) {
    (*info.mutable_metadata())[std::string(key)] = std::string(value);
  }
  internal::SetPayload(status, info);
  if (const auto resource = info.metadata().find("resource"); resource != info.metadata().end()) {
    ResourceInfo about;
    about.set_resource_name(resource->second);
    internal::SetPayload(status, about);
  }
  return status;
}

absl::Status Make(absl::StatusCode code, CommonReason reason, std::string_view message,
                  Metadata metadata) {
  return Make(code, errors::v1::CommonReason_Name(reason), message, metadata);
}

absl::Status InvalidField(std::string_view field, std::string_view what_would_be_right) {
  std::string message(field);
  message.append(": ").append(what_would_be_right);
  absl::Status status =
      Make(absl::StatusCode::kInvalidArgument, errors::v1::FIELD_INVALID, message);
  AddFieldViolation(status, field, what_would_be_right);
  return status;
}

absl::Status NotFound(std::string_view resource_name) {
  std::string message(resource_name);
  message.append(" does not exist, or you may not see it");
  return Make(absl::StatusCode::kNotFound, errors::v1::RESOURCE_NOT_FOUND, message,
              {{"resource", resource_name}});
}

absl::Status AlreadyExists(std::string_view resource_name) {
  std::string message(resource_name);
  message.append(" exists already");
  return Make(absl::StatusCode::kAlreadyExists, errors::v1::RESOURCE_EXISTS, message,
              {{"resource", resource_name}});
}

absl::Status CheckEtag(std::string_view given, std::string_view current,
                       std::string_view resource_name) {
  if (given.empty() || given == current) return absl::OkStatus();
  std::string message(resource_name);
  message.append(" was changed since you read it: read it again and repeat the change");
  return Make(absl::StatusCode::kAborted, errors::v1::ETAG_MISMATCH, message,
              {{"resource", resource_name}});
}

absl::Status FailedPrecondition(std::string_view reason, std::string_view message,
                                Metadata metadata) {
  return Make(absl::StatusCode::kFailedPrecondition, reason, message, metadata);
}

absl::Status Unavailable(CommonReason reason, std::string_view message,
                         absl::Duration retry_after) {
  absl::Status status = Make(absl::StatusCode::kUnavailable, reason, message);
  SetRetryAfter(status, retry_after);
  return status;
}

absl::Status Internal(std::string_view log_message) {
  absl::Status status =
      Make(absl::StatusCode::kInternal, errors::v1::INTERNAL_ERROR, "internal error");
  status.SetPayload(kLogUrl, absl::Cord(absl::string_view(log_message.data(), log_message.size())));
  return status;
}

void AddFieldViolation(absl::Status& status, std::string_view field, std::string_view description) {
  auto details = internal::GetPayload<BadRequest>(status).value_or(BadRequest());
  BadRequest::FieldViolation& violation = *details.add_field_violations();
  violation.set_field(std::string(field));
  violation.set_description(std::string(description));
  internal::SetPayload(status, details);
}

void SetRetryAfter(absl::Status& status, absl::Duration retry_after) {
  RetryInfo info;
  const int64_t nanos = absl::ToInt64Nanoseconds(retry_after);
  info.mutable_retry_delay()->set_seconds(nanos / 1'000'000'000);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  internal::SetPayload(status, info);
}

void AddPrecondition(absl::Status& status, std::string_view type, std::string_view subject,
                     std::string_view description) {
  auto details = internal::GetPayload<PreconditionFailure>(status).value_or(PreconditionFailure());
  PreconditionFailure::Violation& violation = *details.add_violations();
  violation.set_type(std::string(type));
  violation.set_subject(std::string(subject));
  violation.set_description(std::string(description));
  internal::SetPayload(status, details);
}

std::string ReasonOf(const absl::Status& status) {
  auto info = internal::GetPayload<ErrorInfo>(status);
  return info ? info->reason() : std::string();
}

absl::Duration RetryAfterOf(const absl::Status& status) {
  auto info = internal::GetPayload<RetryInfo>(status);
  if (!info) return absl::ZeroDuration();
  return absl::Seconds(info->retry_delay().seconds()) +
         absl::Nanoseconds(info->retry_delay().nanos());
}

std::string LogMessageOf(const absl::Status& status) {
  auto text = status.GetPayload(kLogUrl);
  return text ? std::string(*text) : std::string(status.message());
}

}  // namespace sockel::error
