#pragma once

#include <memory>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"

namespace sockel::bench {

// Where the suite is and how to get in.
struct SuiteOptions {
  std::string identity;  // target, e.g. 127.0.0.1:7001
  std::string efile;
  // The catalog's service account: it may set up a tenant for the bench.
  std::string provisioner_key_file;
};

// An application of a tenant made for this run.
struct BenchTenant {
  std::string name;          // tenants/bench-…
  std::string access_token;  // of the application
  std::vector<std::string> file_plan_entries;
};

// Sets up a tenant through the provisioner contract, as the catalog does.
absl::StatusOr<BenchTenant> MakeTenant(const SuiteOptions& options);

// `count` separate connections.
std::vector<std::shared_ptr<grpc::Channel>> Connections(const std::string& target, size_t count);

// One call as every application makes it: with its token and a deadline.
template <typename Request, typename Response>
struct Call {
  explicit Call(const std::string& token) {
    context.AddMetadata("authorization", "Bearer " + token);
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
  }
  grpc::ClientContext context;
  Request request;
  Response response;
};

}  // namespace sockel::bench
