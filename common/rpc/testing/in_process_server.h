#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/caller/authenticator.h"
#include "common/metrics/metrics.h"
#include "common/rpc/access_log.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/worker_pool.h"

// Doors under test: a real gRPC server in this process, with the real
// dispatcher and tokens that say who they are.
//
//   InProcessServer server({.domain = "efile.sockel"});
//   DossierDoor door(server.dispatcher(), dossiers);
//   server.Serve({&door});
//   auto stub = DossierService::NewStub(server.channel());
//   auto ctx = server.Context("smi", {"caseworker"});
//   grpc::Status status = stub->GetDossier(ctx.get(), request, &response);
namespace sockel::rpc::testing {

// Takes every token that TestToken() makes.
class TestAuthenticator final : public Authenticator {
 public:
  std::shared_ptr<const Principal> Known(std::string_view bearer) const override;
  Result Authenticate(std::string_view bearer) const override;
  Standing StandingOf(const Principal& /*principal*/) const override { return standing_; }
  // Of everybody, from now on.
  void SetStanding(Standing standing) { standing_ = standing; }

 private:
  std::atomic<Standing> standing_{Standing::kGood};
};

// A token for TestAuthenticator: subject `tenants/<tenant>/users/<user>`.
std::string TestToken(std::string_view tenant, const std::vector<std::string>& roles,
                      std::string_view user = "u1");

// The role `all` may do everything in its own tenant, `everywhere` in every
// tenant, any other role what its name says: `efile.dossiers.get`.
bool TestAllows(const std::vector<std::string>& roles, std::string_view permission,
                std::string_view home_tenant, std::string_view target_tenant);

// Keeps the lines as text: `Method CODE REASON tenant`.
class TestAccessLog final : public AccessLog {
 public:
  void Write(const AccessRecord& record) override;
  std::vector<std::string> lines() const;
  // Texts of the defects (INTERNAL).
  std::vector<std::string> defects() const;
  std::string last_trace_id() const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> defects_ ABSL_GUARDED_BY(mutex_);
  std::string last_trace_id_ ABSL_GUARDED_BY(mutex_);
};

class InProcessServer {
 public:
  struct Options {
    std::string domain = "test.sockel";
    WorkerPool::Options workers = {.threads = 4, .max_wait = absl::Seconds(10)};
    // Null: TestAuthenticator and TestAllows; with the real roles pass
    // auth::Allows.
    const Authenticator* authenticator = nullptr;
    AllowsFunction allows = nullptr;
    int max_streams = 100;
    absl::Duration stream_idle = absl::Minutes(1);
  };

  InProcessServer() : InProcessServer(Options{}) {}
  explicit InProcessServer(const Options& options);
  // Ends all calls and the server.
  ~InProcessServer();

  const Dispatcher& dispatcher() const { return *dispatcher_; }
  Dispatcher& dispatcher() { return *dispatcher_; }
  metrics::Registry& metrics() { return metrics_; }
  WorkerPool& workers() { return *workers_; }
  TestAuthenticator& test_authenticator() { return test_authenticator_; }
  TestAccessLog& log() { return log_; }

  // Once, with doors that live longer than this object or until Stop().
  void Serve(const std::vector<grpc::Service*>& services);
  void Stop();
  std::shared_ptr<grpc::Channel> channel() const { return channel_; }

  // What a client hears that streams these bytes, each a message, to `method`:
  // `/package.Service/Method`.
  grpc::Status StreamBytes(grpc::ClientContext& context, const std::string& method,
                           const std::vector<std::string>& messages) const;

  // A client context with a token and a deadline of 20 s.
  static std::unique_ptr<grpc::ClientContext> Context(
      std::string_view tenant, const std::vector<std::string>& roles = {"all"},
      std::string_view user = "u1");
  // Without a token.
  static std::unique_ptr<grpc::ClientContext> Anonymous();

 private:
  TestAuthenticator test_authenticator_;
  TestAccessLog log_;
  metrics::Registry metrics_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace sockel::rpc::testing
