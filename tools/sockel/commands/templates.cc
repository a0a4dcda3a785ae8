#include "sockel/notification/v1/sender.grpc.pb.h"
#include "sockel/notification/v1/template.grpc.pb.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/input.h"
#include "tools/sockel/parameters.h"

namespace sockel::cli {
namespace {

using notification::v1::SenderService;
using notification::v1::TemplateService;
using Stub = TemplateService::Stub;

struct Options {
  std::string id;
  std::string file;
  std::string locale;
  std::vector<std::string> parameters;
  std::string email_address;
  std::string display_name;
  std::string reply_to;
};

absl::Status Create(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  absl::StatusOr<YAML::Node> node = ReadYaml(options.file);
  if (!node.ok()) return node.status();
  notification::v1::CreateTemplateRequest request;
  request.set_parent(*tenant);
  request.set_template_id(options.id);
  if (absl::Status status = Fill(*node, *request.mutable_template_()); !status.ok()) return status;
  auto made = session.Call<TemplateService>(&Stub::CreateTemplate, request);
  return made.ok() ? session.Show(*made) : made.status();
}

absl::Status AddVersion(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = session.Name("templates", options.id);
  if (!name.ok()) return name.status();
  absl::StatusOr<YAML::Node> node = ReadYaml(options.file);
  if (!node.ok()) return node.status();
  notification::v1::CreateTemplateVersionRequest request;
  request.set_parent(*name);
  if (absl::Status status = Fill(*node, *request.mutable_template_version()); !status.ok()) {
    return status;
  }
  auto made = session.Call<TemplateService>(&Stub::CreateTemplateVersion, request);
  return made.ok() ? session.Show(*made) : made.status();
}

absl::Status List(Session& session) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  notification::v1::ListTemplatesRequest request;
  request.set_parent(*tenant);
  auto response = session.List<TemplateService>(&Stub::ListTemplates, request);
  if (!response.ok()) return response.status();
  return session.ShowList(
      *response, "templates",
      {{"ID", "name|id"}, {"LATEST", "latest.name|id"}, {"DISPLAY NAME", "display_name"}});
}

absl::Status Get(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = session.Name("templates", options.id);
  if (!name.ok()) return name.status();
  notification::v1::GetTemplateRequest request;
  request.set_name(*name);
  auto found = session.Call<TemplateService>(&Stub::GetTemplate, request);
  return found.ok() ? session.Show(*found) : found.status();
}

absl::Status Preview(Session& session, const Options& options) {
  const std::string version =
      options.id.find("/versions/") == std::string::npos ? "/versions/latest" : "";
  absl::StatusOr<std::string> name = session.Name("templates", options.id);
  if (!name.ok()) return name.status();
  notification::v1::PreviewTemplateRequest request;
  request.set_name(*name + version);
  request.set_locale(options.locale);
  const absl::Status filled = FillParameters(options.parameters, *request.mutable_parameters());
  if (!filled.ok()) return filled;
  auto preview = session.Call<TemplateService>(&Stub::PreviewTemplate, request);
  return preview.ok() ? session.Show(*preview) : preview.status();
}

absl::Status CreateSender(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  notification::v1::CreateSenderRequest request;
  request.set_parent(*tenant);
  request.set_sender_id(options.id);
  request.mutable_sender()->set_email_address(options.email_address);
  request.mutable_sender()->set_display_name(options.display_name);
  request.mutable_sender()->set_reply_to_address(options.reply_to);
  auto made = session.Call<SenderService>(&SenderService::Stub::CreateSender, request);
  return made.ok() ? session.Show(*made) : made.status();
}

absl::Status ListSenders(Session& session) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  notification::v1::ListSendersRequest request;
  request.set_parent(*tenant);
  auto response = session.List<SenderService>(&SenderService::Stub::ListSenders, request);
  if (!response.ok()) return response.status();
  return session.ShowList(
      *response, "senders",
      {{"ID", "name|id"}, {"ADDRESS", "email_address"}, {"DISPLAY NAME", "display_name"}});
}

void AddSenderCommands(Commands& commands, const std::shared_ptr<Options>& options) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("senders", "From whom e-mails come");
  CLI::App& create =
      commands.Add(group, "create", "Add a sender; the one called default is used by default",
                   "sockel senders create default --address poststelle@smi.example",
                   [&session, options] { return CreateSender(session, *options); });
  create.add_option("id", options->id, "Its id")->required();
  create.add_option("--address", options->email_address, "E-mail address")->required();
  create.add_option("--display-name", options->display_name, "Name shown with it");
  create.add_option("--reply-to", options->reply_to, "Where answers go");
  commands.Add(group, "list", "List senders", "sockel senders list",
               [&session] { return ListSenders(session); });
}

}  // namespace

void AddTemplateCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("templates", "Texts of notifications");
  auto options = std::make_shared<Options>();
  const auto add_id = [&](CLI::App& command) {
    command.add_option("template", options->id, "Id of the template")->required();
  };
  const auto add_file = [&](CLI::App& command) {
    command.add_option("-f,--file", options->file, "YAML file; - = standard input")->required();
  };
  CLI::App& create =
      commands.Add(group, "create", "Create a template with its first version, from a YAML file",
                   "sockel templates create receipt -f receipt.yaml   # display_name, latest: "
                   "{parameters, texts}",
                   [&session, options] { return Create(session, *options); });
  add_id(create);
  add_file(create);
  CLI::App& version = commands.Add(group, "add-version", "Add a version, from a YAML file",
                                   "sockel templates add-version receipt -f receipt.yaml",
                                   [&session, options] { return AddVersion(session, *options); });
  add_id(version);
  add_file(version);
  commands.Add(group, "list", "List templates", "sockel templates list",
               [&session] { return List(session); });
  add_id(commands.Add(group, "get", "Show a template", "sockel templates get receipt",
                      [&session, options] { return Get(session, *options); }));
  CLI::App& preview = commands.Add(group, "preview", "Show what a recipient would read",
                                   "sockel templates preview receipt --param case_number=17",
                                   [&session, options] { return Preview(session, *options); });
  add_id(preview);
  preview.add_option("--param", options->parameters, "name=value; may be repeated");
  preview.add_option("--locale", options->locale, "Language, such as de");
  AddSenderCommands(commands, options);
}

}  // namespace sockel::cli
