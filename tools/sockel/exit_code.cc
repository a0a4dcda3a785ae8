#include "tools/sockel/exit_code.h"

#include <google/rpc/error_details.pb.h>

#include <nlohmann/json.hpp>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/error/error.h"
#include "common/error/payload.h"

namespace sockel::cli {
namespace {

using error::internal::GetPayload;
using google::rpc::BadRequest;
using google::rpc::ErrorInfo;
using google::rpc::PreconditionFailure;

// Carries the text of WithNextStep().
constexpr char kNextUrl[] = "sockel/next";

// What is told holds names from files and services: none of them steers a terminal.
std::string Harmless(std::string text) {
  for (char& c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) c = ' ';
  }
  return text;
}

std::string Message(const absl::Status& status) { return Harmless(std::string(status.message())); }

std::string NextStep(const absl::Status& status) {
  if (const auto told = status.GetPayload(kNextUrl)) return Harmless(std::string(*told));
  const std::string reason = error::ReasonOf(status);
  if (reason == "STORAGE_FULL") return "tell the operator: the store is full";
  if (reason == "ACTIVATION_CODE_INVALID") {
    return "ask an administrator for a new code: sockel users issue-code";
  }
  if (reason == "CREDENTIALS_INVALID") return "check tenant, login and password";
  if (reason == "ETAG_MISMATCH") return "read it again and repeat the change";
  if (reason == "REFRESH_TOKEN_INVALID" || reason == "REFRESH_TOKEN_REUSED") {
    return "sign in again: sockel login";
  }
  if (reason.rfind("ASSERTION_", 0) == 0) {
    return "check --service-account, the key file and this machine's clock";
  }
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated:
      return "sign in: sockel login";
    case absl::StatusCode::kPermissionDenied:
      if (reason != "PERMISSION_MISSING") return "";
      return "ask your tenant's administrator for a role that has it; `sockel whoami` shows yours";
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable: {
      const absl::Duration after = error::RetryAfterOf(status);
      if (after >= absl::Seconds(1)) {
        return absl::StrCat("try again in ",
                            absl::FormatDuration(absl::Ceil(after, absl::Seconds(1))));
      }
      // Without a time it is no overload, and repeats are in vain.
      if (absl::IsResourceExhausted(status) && after <= absl::ZeroDuration()) return "";
      return "try again; if it stays so, check the endpoints with `sockel profiles show`";
    }
    case absl::StatusCode::kDeadlineExceeded:
      return "try again, or allow more time with --timeout";
    default:
      return "";
  }
}

}  // namespace

absl::Status WithMessage(const absl::Status& status, const std::string& message) {
  absl::Status changed(status.code(), message);
  status.ForEachPayload([&changed](absl::string_view url, const absl::Cord& payload) {
    changed.SetPayload(url, payload);
  });
  return changed;
}

absl::Status WithNextStep(absl::Status status, const std::string& next) {
  status.SetPayload(kNextUrl, absl::Cord(next));
  return status;
}

const char kExitCodesHelp[] =
    "Exit codes: 0 done, 1 other failure, 2 wrong usage, 3 not signed in, 4 not allowed,\n"
    "5 not found, 6 invalid input, 7 conflict with what is there, 8 service unavailable,\n"
    "9 verification failed.";

ExitCode ExitCodeFor(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kOk;
    case absl::StatusCode::kUnauthenticated:
      return ExitCode::kUnauthenticated;
    case absl::StatusCode::kPermissionDenied:
      return ExitCode::kPermissionDenied;
    case absl::StatusCode::kNotFound:
      return ExitCode::kNotFound;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return ExitCode::kInvalid;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kFailedPrecondition:
      return ExitCode::kConflict;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return ExitCode::kUnavailable;
    case absl::StatusCode::kDataLoss:
      return ExitCode::kVerificationFailed;
    default:
      return ExitCode::kOther;
  }
}

std::string Explain(const absl::Status& status) {
  std::string text = absl::StrCat("error: ", Message(status));
  absl::StrAppend(&text, "\n  code: ", absl::StatusCodeToString(status.code()));
  const auto info = GetPayload<ErrorInfo>(status);
  if (info.has_value()) {
    absl::StrAppend(&text, ", reason: ", info->reason());
    for (const auto& [key, value] : info->metadata()) {
      if (key == "permission" || key == "trace_id")
        absl::StrAppend(&text, "\n  ", key, ": ", value);
    }
  }
  if (const auto bad = GetPayload<BadRequest>(status)) {
    for (const auto& violation : bad->field_violations()) {
      absl::StrAppend(&text, "\n  field ", violation.field(), ": ", violation.description());
    }
  }
  if (const auto failure = GetPayload<PreconditionFailure>(status)) {
    for (const auto& violation : failure->violations()) {
      absl::StrAppend(&text, "\n  ", violation.subject(), ": ", violation.description());
    }
  }
  if (const std::string next = NextStep(status); !next.empty()) {
    absl::StrAppend(&text, "\n  next: ", next);
  }
  return text;
}

std::string ExplainJson(const absl::Status& status) {
  nlohmann::json error = {{"code", std::string(absl::StatusCodeToString(status.code()))},
                          {"message", Message(status)}};
  if (const auto info = GetPayload<ErrorInfo>(status)) {
    error["reason"] = info->reason();
    error["domain"] = info->domain();
    for (const auto& [key, value] : info->metadata()) error["metadata"][key] = value;
  }
  if (const auto bad = GetPayload<BadRequest>(status)) {
    for (const auto& violation : bad->field_violations()) {
      error["fields"][violation.field()] = violation.description();
    }
  }
  if (const auto failure = GetPayload<PreconditionFailure>(status)) {
    for (const auto& violation : failure->violations()) {
      error["violations"][violation.subject()] = violation.description();
    }
  }
  // A path may be no UTF-8: that must not cost the message.
  return nlohmann::json{{"error", error}}.dump(-1, ' ', false,
                                               nlohmann::json::error_handler_t::replace);
}

}  // namespace sockel::cli
