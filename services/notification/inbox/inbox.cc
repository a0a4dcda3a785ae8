#include "services/notification/inbox/inbox.h"

#include "common/error/error.h"
#include "common/events/events.h"
#include "common/ids/ids.h"
#include "common/ledger/ledger.h"
#include "common/paging/page.h"
#include "services/notification/inbox/inbox_store.h"
#include "services/notification/names.h"

namespace sockel::notification {
namespace {

struct OwnItem {
  std::string user_id;
  std::string item_id;
};

// The parts of an item's name, when the item lies in the caller's inbox and
// could exist.
absl::StatusOr<OwnItem> Own(const Caller& caller, const std::string& name) {
  const std::vector<std::string> ids = IdsIn(name);
  if (caller.subject != UserName(ids[0], ids[1]) || !ids::IsUuid(ids[2])) {
    return error::NotFound(name);
  }
  return OwnItem{ids[1], ids[2]};
}

}  // namespace

absl::StatusOr<v1::ListInboxItemsResponse> Inboxes::List(const Caller& caller,
                                                         const v1::ListInboxItemsRequest& request) {
  if (request.parent() != caller.subject) return error::NotFound(request.parent());
  const auto before = tokens_.Read(caller, request);
  if (!before.ok()) return before.status();
  const int limit = paging::PageSize(request.page_size());
  const std::string user_id = IdsIn(request.parent())[1];
  const auto filter =
      request.unread_only() ? inbox_store::Filter::kUnread : inbox_store::Filter::kAll;
  return db_.Read(caller, "inbox_items.list",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListInboxItemsResponse> {
                    v1::ListInboxItemsResponse response;
                    auto& page = *response.mutable_inbox_items();
                    paging::Rows<v1::InboxItem> found{
                        inbox_store::List(tx, user_id, *before, filter, limit + 1)};
                    if (paging::Fill(std::move(found), limit, page)) {
                      const std::string last = IdsIn(page.rbegin()->name())[2];
                      response.set_next_page_token(tokens_.Make(caller, request, last));
                    }
                    return response;
                  });
}

absl::StatusOr<v1::InboxItem> Inboxes::Get(const Caller& caller,
                                           const v1::GetInboxItemRequest& request) {
  const auto own = Own(caller, request.name());
  if (!own.ok()) return own.status();
  return db_.Read(caller, "inbox_items.get",
                  [&](pg::Transaction& tx) -> absl::StatusOr<v1::InboxItem> {
                    auto item = inbox_store::Find(tx, own->user_id, own->item_id);
                    if (!item) return error::NotFound(request.name());
                    return *std::move(item);
                  });
}

absl::StatusOr<v1::InboxItem> Inboxes::MarkRead(const Caller& caller,
                                                const v1::MarkInboxItemReadRequest& request) {
  const auto own = Own(caller, request.name());
  if (!own.ok()) return own.status();
  return db_.Write(caller, "inbox_items.mark_read",
                   [&](pg::WriteTransaction& tx) -> absl::StatusOr<v1::InboxItem> {
                     const bool changed = inbox_store::MarkRead(tx, own->user_id, own->item_id);
                     auto item = inbox_store::Find(tx, own->user_id, own->item_id);
                     if (!item) return error::NotFound(request.name());
                     if (changed) {
                       ledger::Append(tx, {.resource = item->name()});
                       events::Emit(tx, {.type = "notification.inboxItem.read",
                                         .resource = item->name(),
                                         .attributes = {{"message", item->message()}}});
                     }
                     return *std::move(item);
                   });
}

}  // namespace sockel::notification
