#pragma once

#include "common/rpc/dispatcher.h"
#include "services/notification/templates/template.h"
#include "sockel/notification/v1/template.grpc.pb.h"

namespace sockel::notification {

class TemplateDoor final : public v1::TemplateService::CallbackService {
 public:
  TemplateDoor(const rpc::Dispatcher& dispatcher, Templates& templates)
      : rpc_(dispatcher.For<v1::TemplateService>()), templates_(templates) {}

  grpc::ServerUnaryReactor* CreateTemplate(grpc::CallbackServerContext* ctx,
                                           const v1::CreateTemplateRequest* request,
                                           v1::Template* response) override;
  grpc::ServerUnaryReactor* GetTemplate(grpc::CallbackServerContext* ctx,
                                        const v1::GetTemplateRequest* request,
                                        v1::Template* response) override;
  grpc::ServerUnaryReactor* ListTemplates(grpc::CallbackServerContext* ctx,
                                          const v1::ListTemplatesRequest* request,
                                          v1::ListTemplatesResponse* response) override;
  grpc::ServerUnaryReactor* CreateTemplateVersion(grpc::CallbackServerContext* ctx,
                                                  const v1::CreateTemplateVersionRequest* request,
                                                  v1::TemplateVersion* response) override;
  grpc::ServerUnaryReactor* GetTemplateVersion(grpc::CallbackServerContext* ctx,
                                               const v1::GetTemplateVersionRequest* request,
                                               v1::TemplateVersion* response) override;
  grpc::ServerUnaryReactor* PreviewTemplate(grpc::CallbackServerContext* ctx,
                                            const v1::PreviewTemplateRequest* request,
                                            v1::PreviewTemplateResponse* response) override;

 private:
  rpc::ServiceDispatcher rpc_;
  Templates& templates_;
};

}  // namespace sockel::notification
