#include "absl/strings/str_cat.h"
#include "sockel/notification/v1/message.grpc.pb.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/input.h"
#include "tools/sockel/parameters.h"
#include "tools/sockel/polling.h"
#include "tools/sockel/user_names.h"

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
  int wait_seconds = 60;
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

// With --wait once all are final.
absl::StatusOr<ListDeliveriesResponse> Settled(Session& session, const Options& options,
                                               const std::string& message) {
  absl::StatusOr<ListDeliveriesResponse> deliveries = Deliveries(session, message);
  if (!deliveries.ok() || !options.wait || AllFinal(*deliveries)) return deliveries;
  return Poll<ListDeliveriesResponse>(
      absl::Seconds(options.wait_seconds), [&] { return Deliveries(session, message); }, AllFinal,
      "ask again later, or wait longer with --wait-seconds");
}

absl::Status Show(Session& session, const ListDeliveriesResponse& deliveries) {
  return session.ShowList(deliveries, "deliveries",
                          {{"CHANNEL", "channel"},
                           {"STATE", "state"},
                           {"ATTEMPTS", "attempts"},
                           {"REASON", "transitions.reason"},
                           {"RECIPIENT", "recipient"},
                           {"DETAIL", "transitions.detail"}});
}

// Whoever waits wants to know that all arrived.
absl::Status AllSent(const ListDeliveriesResponse& deliveries) {
  for (const Delivery& delivery : deliveries.deliveries()) {
    if (delivery.state() == Delivery::SENT) continue;
    const std::string reason = RenderField(delivery, "transitions.reason");
    return absl::FailedPreconditionError(
        absl::StrCat("a delivery ended as ", Delivery::State_Name(delivery.state()),
                     reason.empty() ? "" : absl::StrCat(" (", reason, ")"), ": ", delivery.name()));
  }
  return absl::OkStatus();
}

absl::StatusOr<Message> Fetch(Session& session, const std::string& name) {
  notification::v1::GetMessageRequest request;
  request.set_name(name);
  return session.Call<MessageService>(&Stub::GetMessage, request);
}

// The message, with or without waiting: programs get one kind of answer. People
// see its deliveries, too, when they waited for them.
absl::Status ShowMessage(Session& session, const Options& options, const Message& message) {
  if (!options.wait) return session.Show(message);
  absl::StatusOr<ListDeliveriesResponse> deliveries = Settled(session, options, message.name());
  absl::StatusOr<Message> now = Fetch(session, message.name());
  // Whatever became of the waiting: this is the message that was accepted.
  session.Show(now.ok() ? *now : message).IgnoreError();
  if (!deliveries.ok()) return deliveries.status();
  if (!session.json()) Show(session, *deliveries).IgnoreError();
  return AllSent(*deliveries);
}

absl::Status ListDeliveries(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = session.Name("messages", options.message);
  if (!name.ok()) return name.status();
  absl::StatusOr<ListDeliveriesResponse> deliveries = Settled(session, options, *name);
  if (!deliveries.ok()) return deliveries.status();
  Show(session, *deliveries).IgnoreError();
  return options.wait ? AllSent(*deliveries) : absl::OkStatus();
}

// The service takes any id, and only the delivery would fail: a login is looked up.
absl::Status AddRecipient(Session& session, const std::string& text, Message& message) {
  if (text.rfind("tenants/", 0) != 0 && text.find('@') != std::string::npos) {
    message.add_recipients()->set_email_address(text);
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> user = ResolveUser(session, text);
  if (!user.ok()) return user.status();
  message.add_recipients()->set_user(*user);
  return absl::OkStatus();
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
  for (const std::string& recipient : options.recipients) {
    if (absl::Status added = AddRecipient(session, recipient, message); !added.ok()) return added;
  }
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
  return sent.ok() ? ShowMessage(session, options, *sent) : sent.status();
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
  absl::StatusOr<Message> message = Fetch(session, *name);
  return message.ok() ? ShowMessage(session, options, *message) : message.status();
}

void AddWait(CLI::App& command, Options& options) {
  command.add_flag("--wait", options.wait,
                   "Wait until every delivery is final; fail unless all arrived");
  command.add_option("--wait-seconds", options.wait_seconds, "Longest wait")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void AddSend(Commands& commands, CLI::App& group, const std::shared_ptr<Options>& options) {
  Session& session = commands.session();
  CLI::App& send = commands.Add(
      group, "send", "Send a message",
      "sockel notifications send --to erika@smi.example --template receipt --param case_number=17\n"
      "  sockel notifications send --to 0190… --channel INBOX --subject Hello --text \"…\" --wait",
      [&session, options] { return Send(session, *options); });
  send.add_option("--to", options->recipients, "E-mail address, or login, id or name of a user")
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
  CLI::App& list = commands.Add(group, "list", "List messages, newest first",
                                "sockel notifications list --reference tenants/smi/dossiers/0190…",
                                [&session, options] { return List(session, *options); });
  list.add_option("--reference", options->reference, "Only those with this reference");
  list.add_option("--limit", options->limit, "At most so many; 0 = all")->capture_default_str();
  CLI::App& get =
      commands.Add(group, "get", "Show a message", "sockel notifications get 0190… --wait",
                   [&session, options] { return Get(session, *options); });
  get.add_option("message", options->message, "Id or name")->required();
  AddWait(get, *options);
  CLI::App& deliveries =
      commands.Add(group, "deliveries", "List what became of a message",
                   "sockel notifications deliveries 0190… --wait",
                   [&session, options] { return ListDeliveries(session, *options); });
  deliveries.add_option("message", options->message, "Id or name")->required();
  AddWait(deliveries, *options);
}

}  // namespace sockel::cli
