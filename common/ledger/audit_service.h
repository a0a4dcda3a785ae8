#pragma once

#include "common/ledger/audit.h"
#include "common/rpc/dispatcher.h"
#include "sockel/audit/v1/audit.grpc.pb.h"

namespace sockel::ledger {

// The door of the log: every service has it.
class AuditDoor final : public audit::v1::AuditService::CallbackService {
 public:
  AuditDoor(const rpc::Dispatcher& dispatcher, Audit& audit)
      : rpc_(dispatcher.For<audit::v1::AuditService>()), audit_(audit) {}

  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* ctx,
                                          const audit::v1::GetCheckpointRequest* req,
                                          audit::v1::Checkpoint* resp) override {
    return rpc_.Unary(ctx, req, resp, audit_, &Audit::GetCheckpoint);
  }
  grpc::ServerUnaryReactor* ListEntries(grpc::CallbackServerContext* ctx,
                                        const audit::v1::ListEntriesRequest* req,
                                        audit::v1::ListEntriesResponse* resp) override {
    return rpc_.Unary(ctx, req, resp, audit_, &Audit::ListEntries);
  }
  grpc::ServerUnaryReactor* GetInclusionProof(grpc::CallbackServerContext* ctx,
                                              const audit::v1::GetInclusionProofRequest* req,
                                              audit::v1::Proof* resp) override {
    return rpc_.Unary(ctx, req, resp, audit_, &Audit::GetInclusionProof);
  }
  grpc::ServerUnaryReactor* GetConsistencyProof(grpc::CallbackServerContext* ctx,
                                                const audit::v1::GetConsistencyProofRequest* req,
                                                audit::v1::Proof* resp) override {
    return rpc_.Unary(ctx, req, resp, audit_, &Audit::GetConsistencyProof);
  }

 private:
  rpc::ServiceDispatcher rpc_;
  Audit& audit_;
};

}  // namespace sockel::ledger
