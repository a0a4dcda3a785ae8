#include "services/notification/names.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/notification/mail/address.h"

namespace sockel::notification {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

std::string Child(const std::string& parent, const char* collection, std::string_view id) {
  return absl::StrCat(parent, "/", collection, "/", View(id));
}

std::string Tenant(std::string_view code) { return absl::StrCat("tenants/", View(code)); }

}  // namespace

std::vector<std::string> IdsIn(std::string_view name) {
  const std::vector<std::string> segments = absl::StrSplit(View(name), '/');
  std::vector<std::string> ids;
  for (std::size_t i = 1; i < segments.size(); i += 2) ids.push_back(segments[i]);
  return ids;
}

std::string TemplateName(std::string_view tenant, std::string_view id) {
  return Child(Tenant(tenant), "templates", id);
}

std::string TemplateVersionName(std::string_view tenant, std::string_view id, int version) {
  return Child(TemplateName(tenant, id), "versions", std::to_string(version));
}

std::string SenderName(std::string_view tenant, std::string_view id) {
  return Child(Tenant(tenant), "senders", id);
}

std::string MessageName(std::string_view tenant, std::string_view id) {
  return Child(Tenant(tenant), "messages", id);
}

std::string DeliveryName(std::string_view tenant, std::string_view message, std::string_view id) {
  return Child(MessageName(tenant, message), "deliveries", id);
}

std::string UserName(std::string_view tenant, std::string_view id) {
  return Child(Tenant(tenant), "users", id);
}

std::string InboxItemName(std::string_view tenant, std::string_view user, std::string_view id) {
  return Child(UserName(tenant, user), "inboxItems", id);
}

std::string MailMessageId(std::string_view delivery_id, std::string_view from_address) {
  return absl::StrCat(View(delivery_id), "@", View(DomainOf(from_address)));
}

}  // namespace sockel::notification
