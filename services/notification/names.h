#pragma once

#include <string>
#include <string_view>
#include <vector>

// Resource names, as the API writes them.
namespace sockel::notification {

// The ids in a name: {"smi", "welcome"} of `tenants/smi/templates/welcome`.
// The dispatcher has checked the pattern.
std::vector<std::string> IdsIn(std::string_view name);

std::string TemplateName(std::string_view tenant, std::string_view id);
std::string TemplateVersionName(std::string_view tenant, std::string_view id, int version);
std::string SenderName(std::string_view tenant, std::string_view id);
std::string MessageName(std::string_view tenant, std::string_view id);
std::string DeliveryName(std::string_view tenant, std::string_view message, std::string_view id);
std::string UserName(std::string_view tenant, std::string_view id);
std::string InboxItemName(std::string_view tenant, std::string_view user, std::string_view id);

// Message-ID of a delivery's mail, without angle brackets: the same at every
// attempt.
std::string MailMessageId(std::string_view delivery_id, std::string_view from_address);

}  // namespace sockel::notification
