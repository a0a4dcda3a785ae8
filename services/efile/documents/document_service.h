#pragma once

#include "common/rpc/dispatcher.h"
#include "services/efile/documents/documents.h"
#include "sockel/efile/v1/document.grpc.pb.h"

namespace sockel::efile {

// The door of documents.
class DocumentDoor final : public v1::DocumentService::CallbackService {
 public:
  DocumentDoor(const rpc::Dispatcher& dispatcher, Documents& documents)
      : rpc_(dispatcher.For<v1::DocumentService>()), documents_(documents) {}

  grpc::ServerUnaryReactor* CreateDocument(grpc::CallbackServerContext* ctx,
                                           const v1::CreateDocumentRequest* req,
                                           v1::Document* resp) override {
    return rpc_.Unary(ctx, req, resp, documents_, &Documents::Create);
  }
  grpc::ServerUnaryReactor* GetDocument(grpc::CallbackServerContext* ctx,
                                        const v1::GetDocumentRequest* req,
                                        v1::Document* resp) override {
    return rpc_.Unary(ctx, req, resp, documents_, &Documents::Get);
  }
  grpc::ServerUnaryReactor* ListDocuments(grpc::CallbackServerContext* ctx,
                                          const v1::ListDocumentsRequest* req,
                                          v1::ListDocumentsResponse* resp) override {
    return rpc_.Unary(ctx, req, resp, documents_, &Documents::List);
  }
  grpc::ServerWriteReactor<v1::DownloadContentResponse>* DownloadContent(
      grpc::CallbackServerContext* ctx, const v1::DownloadContentRequest* req) override {
    return rpc_.ServerStream(ctx, req, documents_, &Documents::Download);
  }

 private:
  const rpc::ServiceDispatcher rpc_;
  Documents& documents_;
};

}  // namespace sockel::efile
