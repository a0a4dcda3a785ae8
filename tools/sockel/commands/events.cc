#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error/grpc_status.h"
#include "sockel/events/v1/events.grpc.pb.h"
#include "tools/sockel/commands.h"

namespace sockel::cli {
namespace {

using events::v1::EventService;
using events::v1::WatchEventsResponse;

struct Options {
  std::string service;
  std::string cursor = "now";
  std::vector<std::string> types;
  int count = 0;
};

void Print(Session& session, const WatchEventsResponse& response) {
  if (session.json()) {
    std::cout << RenderJson(response) << std::endl;
    return;
  }
  const events::v1::Event& event = response.event();
  std::cout << RenderField(event, "time") << "  " << event.type() << "  " << event.resource()
            << "  by " << event.actor();
  for (const auto& [key, value] : event.attributes()) std::cout << "  " << key << "=" << value;
  std::cout << std::endl;
}

struct Progress {
  int events = 0;      // in all
  bool heard = false;  // anything, in this stream
  bool spent = false;  // the last stream's token was refused, and nothing was heard
};

// Reads until the stream ends; `request.cursor` follows.
grpc::Status Follow(Session& session, EventService::Stub& stub,
                    events::v1::WatchEventsRequest& request, int limit, Progress& progress) {
  grpc::ClientContext context;
  client::Prepare(context, {.timeout = absl::Hours(24 * 365), .caller = &session.caller()});
  auto reader = stub.WatchEvents(&context, request);
  WatchEventsResponse response;
  progress.heard = false;
  while (reader->Read(&response)) {
    progress.heard = true;
    request.set_cursor(response.cursor());
    if (response.has_event()) {
      Print(session, response);
      ++progress.events;
    }
    if (limit > 0 && progress.events >= limit) {
      context.TryCancel();
      reader->Finish();
      return grpc::Status::OK;
    }
  }
  return reader->Finish();
}

// The server stopped or restarted, or ended the stream with the token that began
// it: the next one goes on behind the last cursor, with a token of its own. A second
// token that is spent at once would not be the last.
bool CanGoOn(const absl::Status& ended, Progress& progress) {
  if (ended.ok() || absl::IsUnavailable(ended)) return true;
  const bool spent = client::NeedsAnotherToken(ended, {});
  const bool again = std::exchange(progress.spent, spent && !progress.heard);
  return spent && (progress.heard || !again);
}

absl::Status Watch(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  auto stub = session.Stub<EventService>(options.service);
  if (!stub.ok()) return stub.status();
  events::v1::WatchEventsRequest request;
  request.set_parent(*tenant);
  request.set_cursor(options.cursor == "begin" ? "" : options.cursor);
  for (const std::string& type : options.types) request.add_types(type);
  Progress progress;
  absl::Duration pause = absl::Milliseconds(200);
  while (true) {
    const std::string before = request.cursor();
    const grpc::Status status = Follow(session, **stub, request, options.count, progress);
    if (options.count > 0 && progress.events >= options.count) return absl::OkStatus();
    const absl::Status ended = error::FromGrpc(status);
    if (!CanGoOn(ended, progress)) return ended;
    pause = request.cursor() == before ? std::min(pause * 2, absl::Seconds(5))
                                       : absl::Milliseconds(200);
    absl::SleepFor(pause);
  }
}

}  // namespace

void AddEventCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("events", "What happens in a service");
  auto options = std::make_shared<Options>();
  CLI::App& watch =
      commands.Add(group, "watch", "Follow the events of a service until stopped with Ctrl-C",
                   "sockel events watch efile --type efile.dossier.closed --output json",
                   [&session, options] { return Watch(session, *options); });
  watch.add_option("service", options->service, "Which service")
      ->required()
      ->check(CLI::IsMember(ServiceNames()));
  watch.add_option("--cursor", options->cursor, "Go on behind this cursor; now, or begin")
      ->capture_default_str();
  watch.add_option("--type", options->types, "Only these types; may be repeated");
  watch.add_option("--count", options->count, "End after so many events");
}

}  // namespace sockel::cli
