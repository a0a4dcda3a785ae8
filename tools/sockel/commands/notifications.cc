#include "absl/strings/str_cat.h"
#include "sockel/notification/v1/message.grpc.pb.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/input.h"
#include "tools/sockel/parameters.h"
#include "tools/sockel/polling.h"

namespace sockel::cli {
namespace {

using notification::v1::Delivery;
using notification::v1::ListDeliveriesResponse;
using notification::v1::Message;
using notification::v1::MessageService;
using Stub = MessageService::Stub;

struct Options {
  std::string message;
  std::vector<std::string> recipients;
  std::vector<std::string> channels;
  std::string template_id;
  std::vector<std::string> parameters;
  std::string subject;
  std::string text;
  std::string locale;
  std::string sender;
  std::string reference;
  std::string priority = "TRANSACTIONAL";
  int limit = 50;
  bool wait = false;
  double wait_seconds = 60;
};

absl::StatusOr<ListDeliveriesResponse> Deliveries(Session& session, const std::string& message) {
  notification::v1::ListDeliveriesRequest request;
  request.set_parent(message);
  return session.List<MessageService>(&Stub::ListDeliveries, request);
}

bool AllFinal(const ListDeliveriesResponse& response) {
  for (const Delivery& delivery : response.deliveries()) {
    if (delivery.state() != Delivery::SENT && delivery.state() != Delivery::PERMANENT_FAILURE &&
        delivery.state() != Delivery::EXPIRED) {
      return false;
    }
  }
  return true;
}

// Shows the deliveries; with --wait once all are final. One that did not
// arrive is then a failure.
absl::Status ShowDeliveries(Session& session, const Options& options, const std::string& message) {
  absl::StatusOr<ListDeliveriesResponse> deliveries = Deliveries(session, message);
  if (deliveries.ok() && options.wait && !AllFinal(*deliveries)) {
    deliveries = Poll<ListDeliveriesResponse>(
        absl::Seconds(options.wait_seconds), [&] { return Deliveries(session, message); },
        AllFinal);
  }
  if (!deliveries.ok()) return deliveries.status();
  session
      .ShowList(*deliveries, "deliveries",
                {{"CHANNEL", "channel"},
                 {"STATE", "state"},
                 {"ATTEMPTS", "attempts"},
                 {"RECIPIENT", "recipient"}})
      .IgnoreError();
  for (const Delivery& delivery : deliveries->deliveries()) {
    if (options.wait && delivery.state() != Delivery::SENT) {
      return absl::FailedPreconditionError(absl::StrCat(
          "a delivery ended as ", Delivery::State_Name(delivery.state()), ": ", delivery.name()));
    }
  }
  return absl::OkStatus();
}

void AddRecipient(const std::string& text, const std::string& tenant, Message& message) {
  auto& recipient = *message.add_recipients();
  if (text.rfind("tenants/", 0) == 0) {
    recipient.set_user(text);
  } else if (text.find('@') != std::string::npos) {
    recipient.set_email_address(text);
  } else {
    recipient.set_user(absl::StrCat(tenant, "/users/", text));
  }
}

absl::Status FillBody(Session& session, const Options& options, Message& message) {
  if (options.template_id.empty()) {
    message.mutable_content()->set_subject(options.subject);
    message.mutable_content()->set_text_body(options.text);
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> name = session.Name("templates", options.template_id);
  if (!name.ok()) return name.status();
  if (name->find("/versions/") == std::string::npos) name->append("/versions/latest");
  message.set_template_version(*name);
  return FillParameters(options.parameters, *message.mutable_parameters());
}

absl::Status Send(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  notification::v1::SendMessageRequest request;
  request.set_parent(*tenant);
  Message& message = *request.mutable_message();
  if (absl::Status status = FillBody(session, options, message); !status.ok()) return status;
  for (const std::string& recipient : options.recipients) AddRecipient(recipient, *tenant, message);
  for (const std::string& name : options.channels) {
    Message::Channel channel = Message::CHANNEL_UNSPECIFIED;
    Message::Channel_Parse(name, &channel);
    message.add_channels(channel);
  }
  Message::Priority priority = Message::PRIORITY_UNSPECIFIED;
  Message::Priority_Parse(options.priority, &priority);
  message.set_priority(priority);
  message.set_locale(options.locale);
  message.set_reference(options.reference);
  if (!options.sender.empty()) {
    absl::StatusOr<std::string> sender = session.Name("senders", options.sender);
    if (!sender.ok()) return sender.status();
    message.set_sender(*sender);
  }
  auto sent = session.Call<MessageService>(&Stub::SendMessage, request);
  if (!sent.ok()) return sent.status();
  if (options.wait) {
    session.Say(sent->name());
    return ShowDeliveries(session, options, sent->name());
  }
  return session.Show(*sent);
}

absl::Status List(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  notification::v1::ListMessagesRequest request;
  request.set_parent(*tenant);
  request.set_reference(options.reference);
  auto response = session.List<MessageService>(&Stub::ListMessages, request, options.limit);
  if (!response.ok()) return response.status();
  return session.ShowList(*response, "messages",
                          {{"ID", "name|id"},
                           {"PRIORITY", "priority"},
                           {"ACCEPTED", "create_time"},
                           {"REFERENCE", "reference"}});
}

absl::Status Get(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = session.Name("messages", options.message);
  if (!name.ok()) return name.status();
  if (options.wait) return ShowDeliveries(session, options, *name);
  notification::v1::GetMessageRequest request;
  request.set_name(*name);
  auto message = session.Call<MessageService>(&Stub::GetMessage, request);
  return message.ok() ? session.Show(*message) : message.status();
}

void AddWait(CLI::App& command, Options& options) {
  command.add_flag("--wait", options.wait, "Wait until every delivery is final; show them");
  command.add_option("--wait-seconds", options.wait_seconds, "Longest wait")->capture_default_str();
}

void AddSend(Commands& commands, CLI::App& group, const std::shared_ptr<Options>& options) {
  Session& session = commands.session();
  CLI::App& send = commands.Add(
      group, "send", "Send a message",
      "sockel notifications send --to erika@smi.example --template receipt --param case_number=17\n"
      "  sockel notifications send --to 0190… --channel INBOX --subject Hello --text \"…\" --wait",
      [&session, options] { return Send(session, *options); });
  send.add_option("--to", options->recipients, "E-mail address, or id or name of a user")
      ->required();
  send.add_option("--channel", options->channels, "EMAIL or INBOX; may be repeated")
      ->check(CLI::IsMember({"EMAIL", "INBOX"}));
  auto* from_template = send.add_option("--template", options->template_id, "Template to use");
  send.add_option("--param", options->parameters, "name=value; may be repeated")
      ->needs(from_template);
  auto* subject = send.add_option("--subject", options->subject, "Subject, without a template");
  send.add_option("--text", options->text, "Text, without a template")->needs(subject);
  subject->excludes(from_template);
  send.add_option("--locale", options->locale, "Language, such as de");
  send.add_option("--from", options->sender, "Sender (default: the tenant's default)");
  send.add_option("--reference", options->reference, "The application's own mark");
  send.add_option("--priority", options->priority, "EMERGENCY, TRANSACTIONAL or BULK")
      ->check(CLI::IsMember({"EMERGENCY", "TRANSACTIONAL", "BULK"}))
      ->capture_default_str();
  AddWait(send, *options);
}

}  // namespace

void AddNotificationCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("notifications", "Messages and what became of them");
  auto options = std::make_shared<Options>();
  AddSend(commands, group, options);
  CLI::App& list = commands.Add(group, "list", "List messages, newest first", "",
                                [&session, options] { return List(session, *options); });
  list.add_option("--reference", options->reference, "Only those with this reference");
  list.add_option("--limit", options->limit, "At most so many; 0 = all")->capture_default_str();
  CLI::App& get =
      commands.Add(group, "get", "Show a message", "sockel notifications get 0190… --wait",
                   [&session, options] { return Get(session, *options); });
  get.add_option("message", options->message, "Id or name")->required();
  AddWait(get, *options);
}

}  // namespace sockel::cli
