#include "services/notification/templates/template_service.h"

namespace sockel::notification {

grpc::ServerUnaryReactor* TemplateDoor::CreateTemplate(grpc::CallbackServerContext* ctx,
                                                       const v1::CreateTemplateRequest* request,
                                                       v1::Template* response) {
  return rpc_.Unary(ctx, request, response, templates_, &Templates::Create);
}

grpc::ServerUnaryReactor* TemplateDoor::GetTemplate(grpc::CallbackServerContext* ctx,
                                                    const v1::GetTemplateRequest* request,
                                                    v1::Template* response) {
  return rpc_.Unary(ctx, request, response, templates_, &Templates::Get);
}

grpc::ServerUnaryReactor* TemplateDoor::ListTemplates(grpc::CallbackServerContext* ctx,
                                                      const v1::ListTemplatesRequest* request,
                                                      v1::ListTemplatesResponse* response) {
  return rpc_.Unary(ctx, request, response, templates_, &Templates::List);
}

grpc::ServerUnaryReactor* TemplateDoor::CreateTemplateVersion(
    grpc::CallbackServerContext* ctx, const v1::CreateTemplateVersionRequest* request,
    v1::TemplateVersion* response) {
  return rpc_.Unary(ctx, request, response, templates_, &Templates::CreateVersion);
}

grpc::ServerUnaryReactor* TemplateDoor::GetTemplateVersion(
    grpc::CallbackServerContext* ctx, const v1::GetTemplateVersionRequest* request,
    v1::TemplateVersion* response) {
  return rpc_.Unary(ctx, request, response, templates_, &Templates::GetVersion);
}

grpc::ServerUnaryReactor* TemplateDoor::PreviewTemplate(grpc::CallbackServerContext* ctx,
                                                        const v1::PreviewTemplateRequest* request,
                                                        v1::PreviewTemplateResponse* response) {
  return rpc_.Unary(ctx, request, response, templates_, &Templates::Preview);
}

}  // namespace sockel::notification
