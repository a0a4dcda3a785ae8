#pragma once

#include "common/rpc/dispatcher.h"
#include "services/efile/uploads/uploads.h"
#include "sockel/efile/v1/upload.grpc.pb.h"

namespace sockel::efile {

// The door of uploads.
class UploadDoor final : public v1::UploadService::CallbackService {
 public:
  UploadDoor(const rpc::Dispatcher& dispatcher, Uploads& uploads)
      : rpc_(dispatcher.For<v1::UploadService>()), uploads_(uploads) {}

  grpc::ServerUnaryReactor* CreateUpload(grpc::CallbackServerContext* ctx,
                                         const v1::CreateUploadRequest* req,
                                         v1::Upload* resp) override {
    return rpc_.Unary(ctx, req, resp, uploads_, &Uploads::Create);
  }
  grpc::ServerUnaryReactor* GetUpload(grpc::CallbackServerContext* ctx,
                                      const v1::GetUploadRequest* req, v1::Upload* resp) override {
    return rpc_.Unary(ctx, req, resp, uploads_, &Uploads::Get);
  }
  grpc::ServerReadReactor<v1::AppendUploadRequest>* AppendUpload(grpc::CallbackServerContext* ctx,
                                                                 v1::Upload* resp) override {
    return rpc_.ClientStream(ctx, resp, uploads_, &Uploads::Append);
  }
  grpc::ServerUnaryReactor* CancelUpload(grpc::CallbackServerContext* ctx,
                                         const v1::CancelUploadRequest* req,
                                         v1::Upload* resp) override {
    return rpc_.Unary(ctx, req, resp, uploads_, &Uploads::Cancel);
  }

 private:
  const rpc::ServiceDispatcher rpc_;
  Uploads& uploads_;
};

}  // namespace sockel::efile
