#pragma once

#include "common/rpc/dispatcher.h"
#include "services/efile/file_plan/file_plan.h"
#include "sockel/efile/v1/file_plan.grpc.pb.h"

namespace sockel::efile {

// The door of the file plan.
class FilePlanDoor final : public v1::FilePlanService::CallbackService {
 public:
  FilePlanDoor(const rpc::Dispatcher& dispatcher, FilePlan& file_plan)
      : rpc_(dispatcher.For<v1::FilePlanService>()), file_plan_(file_plan) {}

  grpc::ServerUnaryReactor* CreateFilePlanEntry(grpc::CallbackServerContext* ctx,
                                                const v1::CreateFilePlanEntryRequest* req,
                                                v1::FilePlanEntry* resp) override {
    return rpc_.Unary(ctx, req, resp, file_plan_, &FilePlan::Create);
  }
  grpc::ServerUnaryReactor* GetFilePlanEntry(grpc::CallbackServerContext* ctx,
                                             const v1::GetFilePlanEntryRequest* req,
                                             v1::FilePlanEntry* resp) override {
    return rpc_.Unary(ctx, req, resp, file_plan_, &FilePlan::Get);
  }
  grpc::ServerUnaryReactor* ListFilePlanEntries(grpc::CallbackServerContext* ctx,
                                                const v1::ListFilePlanEntriesRequest* req,
                                                v1::ListFilePlanEntriesResponse* resp) override {
    return rpc_.Unary(ctx, req, resp, file_plan_, &FilePlan::List);
  }
  grpc::ServerUnaryReactor* RetireFilePlanEntry(grpc::CallbackServerContext* ctx,
                                                const v1::RetireFilePlanEntryRequest* req,
                                                v1::FilePlanEntry* resp) override {
    return rpc_.Unary(ctx, req, resp, file_plan_, &FilePlan::Retire);
  }

 private:
  const rpc::ServiceDispatcher rpc_;
  FilePlan& file_plan_;
};

}  // namespace sockel::efile
