#pragma once

#include <map>
#include <memory>
#include <string>

#include <grpcpp/channel.h>

#include "absl/status/statusor.h"
#include "common/caller/caller.h"
#include "sockel/provisioner/v1/provisioner.pb.h"

// The services an order is provisioned at, as the worker needs them. Blocking,
// thread-safe, each call bounded by a deadline and part of `caller`'s trace.
namespace sockel::catalog {

class Provisioners {
 public:
  virtual ~Provisioners() = default;
  using Answer = absl::StatusOr<provisioner::v1::Operation>;

  // Whether such a service is configured. Calls of another one are
  // FAILED_PRECONDITION.
  virtual bool Has(const std::string& service) const = 0;

  virtual Answer Provision(const Caller& caller, const std::string& service,
                           const provisioner::v1::ProvisionRequest& request) = 0;
  virtual Answer GetOperation(const Caller& caller, const std::string& service,
                              const std::string& instance_id) = 0;
  virtual Answer Deprovision(const Caller& caller, const std::string& service,
                             const std::string& instance_id) = 0;

  // Sends the new tenant's administrator a code to set a password with.
  // `admin`: resource name of the user. A repeat sends a new code, and the
  // former no longer works.
  virtual absl::Status Invite(const Caller& caller, const std::string& admin) = 0;
};

// Through gRPC. `channels` by service name; Invite needs `identity` and
// `notification` among them.
class GrpcProvisioners final : public Provisioners {
 public:
  explicit GrpcProvisioners(std::map<std::string, std::shared_ptr<grpc::Channel>> channels);
  ~GrpcProvisioners() override;

  bool Has(const std::string& service) const override { return channels_.contains(service); }
  Answer Provision(const Caller& caller, const std::string& service,
                   const provisioner::v1::ProvisionRequest& request) override;
  Answer GetOperation(const Caller& caller, const std::string& service,
                      const std::string& instance_id) override;
  Answer Deprovision(const Caller& caller, const std::string& service,
                     const std::string& instance_id) override;
  absl::Status Invite(const Caller& caller, const std::string& admin) override;

 private:
  absl::StatusOr<std::shared_ptr<grpc::Channel>> Find(const std::string& service) const;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
};

}  // namespace sockel::catalog
