#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "sockel/identity/v1/authentication.grpc.pb.h"

namespace sockel::client {

// A server for tests: notes what arrives and fails as often as it is told.
class RecordingServer final : public identity::v1::AuthenticationService::Service {
 public:
  explicit RecordingServer(const std::string& address = "127.0.0.1:0",
                           const std::shared_ptr<grpc::ServerCredentials>& credentials =
                               grpc::InsecureServerCredentials()) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(address, credentials, &port);
    builder.RegisterService(this);
    builder.SetMaxReceiveMessageSize(-1);  // what was sent shall be seen
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
  }
  ~RecordingServer() override { server_->Shutdown(std::chrono::system_clock::now()); }

  const std::string& address() const { return address_; }
  grpc::Server& server() { return *server_; }

  // The next `times` calls fail with `status`.
  void FailNext(int times, grpc::Status status) {
    absl::MutexLock lock(&mutex_);
    failures_ = times;
    failure_ = std::move(status);
  }

  struct Call {
    std::multimap<std::string, std::string> metadata;
    std::string request_id;
    std::string peer;  // equal for calls on one connection
    absl::Time deadline;
  };
  std::vector<Call> calls() const {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }
  std::string last(const std::string& key) const {
    absl::MutexLock lock(&mutex_);
    const auto found = calls_.back().metadata.find(key);
    return found == calls_.back().metadata.end() ? "" : found->second;
  }

  grpc::Status GetJwks(grpc::ServerContext* context, const identity::v1::GetJwksRequest*,
                       identity::v1::GetJwksResponse* response) override {
    response->set_jwks("keys");
    return Note(*context, "");
  }
  grpc::Status Login(grpc::ServerContext* context, const identity::v1::LoginRequest*,
                     identity::v1::LoginResponse*) override {
    return Note(*context, "");
  }
  grpc::Status RevokeSession(grpc::ServerContext* context,
                             const identity::v1::RevokeSessionRequest* request,
                             identity::v1::Session*) override {
    return Note(*context, request->request_id());
  }
  grpc::Status WatchRevocations(
      grpc::ServerContext* context, const identity::v1::WatchRevocationsRequest*,
      grpc::ServerWriter<identity::v1::WatchRevocationsResponse>* writer) override {
    writer->Write(identity::v1::WatchRevocationsResponse());
    return Note(*context, "");
  }

 private:
  grpc::Status Note(const grpc::ServerContext& context, const std::string& request_id) {
    Call call;
    for (const auto& [key, value] : context.client_metadata()) {
      call.metadata.emplace(std::string(key.data(), key.size()),
                            std::string(value.data(), value.size()));
    }
    call.request_id = request_id;
    call.peer = context.peer();
    call.deadline = absl::FromChrono(context.deadline());
    absl::MutexLock lock(&mutex_);
    calls_.push_back(std::move(call));
    if (failures_ <= 0) return grpc::Status::OK;
    --failures_;
    return failure_;
  }

  std::string address_;
  std::unique_ptr<grpc::Server> server_;

  mutable absl::Mutex mutex_;
  std::vector<Call> calls_;
  int failures_ = 0;
  grpc::Status failure_;
};

}  // namespace sockel::client
