#include "sockel/notification/v1/inbox.grpc.pb.h"
#include "tools/sockel/commands.h"

namespace sockel::cli {
namespace {

using notification::v1::InboxService;
using Stub = InboxService::Stub;

struct Options {
  std::string item;
  bool unread = false;
  bool keep_unread = false;
  int limit = 50;
};

// Everybody has only their own inbox.
absl::StatusOr<std::string> Owner(Session& session) {
  absl::StatusOr<Profile> profile = session.profile();
  if (!profile.ok()) return profile.status();
  if (profile->principal.empty()) return absl::UnauthenticatedError("nobody is signed in");
  return profile->principal;
}

absl::Status List(Session& session, const Options& options) {
  absl::StatusOr<std::string> owner = Owner(session);
  if (!owner.ok()) return owner.status();
  notification::v1::ListInboxItemsRequest request;
  request.set_parent(*owner);
  request.set_unread_only(options.unread);
  auto response = session.List<InboxService>(&Stub::ListInboxItems, request, options.limit);
  if (!response.ok()) return response.status();
  return session.ShowList(*response, "inbox_items",
                          {{"ID", "name|id"},
                           {"ARRIVED", "create_time"},
                           {"READ", "read_time"},
                           {"REFERENCE", "reference"},
                           {"SUBJECT", "content.subject"}});
}

absl::Status Read(Session& session, const Options& options) {
  absl::StatusOr<std::string> owner = Owner(session);
  if (!owner.ok()) return owner.status();
  const std::string name = options.item.find('/') == std::string::npos
                               ? *owner + "/inboxItems/" + options.item
                               : options.item;
  notification::v1::GetInboxItemRequest request;
  request.set_name(name);
  auto item = session.Call<InboxService>(&Stub::GetInboxItem, request);
  if (!item.ok()) return item.status();
  if (!options.keep_unread) {
    notification::v1::MarkInboxItemReadRequest mark;
    mark.set_name(name);
    auto marked = session.Call<InboxService>(&Stub::MarkInboxItemRead, mark);
    if (!marked.ok()) return marked.status();
    *item->mutable_read_time() = marked->read_time();
  }
  return session.Show(*item);
}

}  // namespace

void AddInboxCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("inbox", "Your own inbox");
  auto options = std::make_shared<Options>();
  CLI::App& list =
      commands.Add(group, "list", "List the inbox, newest first", "sockel inbox list --unread",
                   [&session, options] { return List(session, *options); });
  list.add_flag("--unread", options->unread, "Only what is not read yet");
  list.add_option("--limit", options->limit, "At most so many; 0 = all")->capture_default_str();
  CLI::App& read =
      commands.Add(group, "read", "Show an item and mark it as read", "sockel inbox read 0190…",
                   [&session, options] { return Read(session, *options); });
  read.add_option("item", options->item, "Id or name")->required();
  read.add_flag("--keep-unread", options->keep_unread, "Do not mark it");
}

}  // namespace sockel::cli
