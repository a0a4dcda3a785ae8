#include "common/rpc/testing/in_process_server.h"

#include <grpcpp/generic/generic_stub.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/error/error.h"
#include "common/rpc/malformed.h"

namespace sockel::rpc::testing {
namespace {

constexpr char kMark[] = "test";

absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

bool Has(const std::vector<std::string>& roles, std::string_view role) {
  for (const std::string& one : roles) {
    if (one == role) return true;
  }
  return false;
}

std::unique_ptr<grpc::ClientContext> NewContext() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  return context;
}

}  // namespace

std::string TestToken(std::string_view tenant, const std::vector<std::string>& roles,
                      std::string_view user) {
  return absl::StrCat(kMark, "|", Absl(tenant), "|", Absl(user), "|", absl::StrJoin(roles, ","));
}

std::shared_ptr<const Principal> TestAuthenticator::Known(std::string_view bearer) const {
  const std::vector<std::string> parts = absl::StrSplit(Absl(bearer), '|');
  if (parts.size() != 4 || parts[0] != kMark) return nullptr;
  auto principal = std::make_shared<Principal>();
  principal->tenant = parts[1];
  principal->subject = absl::StrCat("tenants/", parts[1], "/users/", parts[2]);
  principal->roles = absl::StrSplit(parts[3], ',', absl::SkipEmpty());
  principal->session = principal->subject + "/sessions/s1";
  return principal;
}

Authenticator::Result TestAuthenticator::Authenticate(std::string_view bearer) const {
  auto principal = Known(bearer);
  if (principal != nullptr) return principal;
  return error::Make(absl::StatusCode::kUnauthenticated, error::CommonReason::TOKEN_INVALID,
                     "the access token is not valid");
}

bool TestAllows(const std::vector<std::string>& roles, std::string_view permission,
                std::string_view home_tenant, std::string_view target_tenant) {
  if (Has(roles, "everywhere")) return true;
  return home_tenant == target_tenant && (Has(roles, "all") || Has(roles, permission));
}

void TestAccessLog::Write(const AccessRecord& record) {
  absl::MutexLock lock(&mutex_);
  lines_.push_back(absl::StrCat(
      Absl(record.method), " ",
      record.code == absl::StatusCode::kOk ? "OK" : absl::StatusCodeToString(record.code), " ",
      Absl(record.reason), " ", Absl(record.tenant)));
  if (!record.defect.empty()) defects_.emplace_back(record.defect);
  last_trace_id_ = std::string(record.trace_id);
}

std::vector<std::string> TestAccessLog::lines() const {
  absl::MutexLock lock(&mutex_);
  return lines_;
}

std::vector<std::string> TestAccessLog::defects() const {
  absl::MutexLock lock(&mutex_);
  return defects_;
}

std::string TestAccessLog::last_trace_id() const {
  absl::MutexLock lock(&mutex_);
  return last_trace_id_;
}

InProcessServer::InProcessServer(const Options& options)
    : workers_(std::make_unique<WorkerPool>(options.workers, metrics_)),
      dispatcher_(std::make_unique<Dispatcher>(DispatcherOptions{
          .workers = *workers_,
          .authenticator =
              options.authenticator != nullptr ? *options.authenticator : test_authenticator_,
          .allows = options.allows != nullptr ? options.allows : &TestAllows,
          .metrics = metrics_,
          .log = log_,
          .error_domain = options.domain,
          .max_streams = options.max_streams,
          .stream_idle = options.stream_idle})) {}

InProcessServer::~InProcessServer() { Stop(); }

void InProcessServer::Serve(const std::vector<grpc::Service*>& services) {
  grpc::ServerBuilder builder;
  ExplainMalformedRequests(builder, *dispatcher_);
  for (grpc::Service* service : services) builder.RegisterService(service);
  server_ = builder.BuildAndStart();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  channel_ = server_->InProcessChannel(arguments);
}

void InProcessServer::Stop() {
  if (server_ == nullptr) return;
  dispatcher_->Drain();
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  server_->Wait();
  server_.reset();
}

grpc::Status InProcessServer::StreamBytes(grpc::ClientContext& context, const std::string& method,
                                          const std::vector<std::string>& messages) const {
  grpc::GenericStub stub(channel_);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(&context, method, &queue);
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
  };
  call->StartCall(nullptr);
  wait();
  for (const std::string& message : messages) {
    const grpc::Slice slice(message);
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    wait();
  }
  call->WritesDone(nullptr);
  wait();
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  wait();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
  return status;
}

std::unique_ptr<grpc::ClientContext> InProcessServer::Context(std::string_view tenant,
                                                              const std::vector<std::string>& roles,
                                                              std::string_view user) {
  auto context = NewContext();
  context->AddMetadata("authorization", "Bearer " + TestToken(tenant, roles, user));
  return context;
}

std::unique_ptr<grpc::ClientContext> InProcessServer::Anonymous() { return NewContext(); }

}  // namespace sockel::rpc::testing
