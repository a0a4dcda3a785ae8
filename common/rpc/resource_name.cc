#include "common/rpc/resource_name.h"

#include <utility>

#include "google/api/resource.pb.h"

namespace sockel::rpc {
namespace {

constexpr std::size_t kMostIdLength = 64;
constexpr std::string_view kTenants = "tenants";

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsId(std::string_view id) {
  if (id.empty() || id.size() > kMostIdLength || !IsAlnum(id[0])) return false;
  for (const char c : id) {
    if (!IsAlnum(c) && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

bool IsCollection(std::string_view segment) {
  if (segment.empty() || segment[0] < 'a' || segment[0] > 'z') return false;
  for (const char c : segment) {
    if (!IsAlnum(c)) return false;
  }
  return true;
}

// The text up to the next slash; takes it, and the slash, off `rest`. `more`
// becomes false when there was no slash.
std::string_view TakeSegment(std::string_view& rest, bool& more) {
  const std::size_t slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  more = slash != std::string_view::npos;
  rest = more ? rest.substr(slash + 1) : std::string_view();
  return segment;
}

}  // namespace

ResourcePattern::ResourcePattern(std::string_view text) : text_(text) {
  bool more = !text.empty();
  while (more) {
    const std::string_view segment = TakeSegment(text, more);
    segments_.emplace_back(segment.substr(0, 1) == "{" ? std::string_view() : segment);
  }
}

bool ResourcePattern::Matches(std::string_view name, bool all_tenants) const {
  std::string_view collection;
  std::size_t i = 0;
  for (bool more = true; more; ++i) {
    const std::string_view segment = TakeSegment(name, more);
    const bool variable =
        segments_.empty() ? i % 2 == 1 : i < segments_.size() && segments_[i].empty();
    if (variable) {
      if (!IsId(segment) && !(all_tenants && segment == "-" && collection == kTenants))
        return false;
    } else if (segments_.empty() ? !IsCollection(segment)
                                 : i >= segments_.size() || segments_[i] != segment) {
      return false;
    }
    collection = segment;
  }
  return segments_.empty() ? i % 2 == 0 : i == segments_.size();
}

ResourcePattern ResourcePattern::Parent() const {
  std::string_view text = text_;
  for (int i = 0; i < 2; ++i) {
    const std::size_t slash = text.rfind('/');
    text = slash == std::string_view::npos ? std::string_view() : text.substr(0, slash);
  }
  return ResourcePattern(text);
}

bool ResourcePattern::InTenant() const {
  return segments_.empty() || (segments_.size() >= 2 && segments_[0] == kTenants);
}

ResourceTypes::ResourceTypes() {
  for (const auto& [type, pattern] :
       {std::pair("identity.sockel/Tenant", "tenants/{tenant}"),
        std::pair("identity.sockel/User", "tenants/{tenant}/users/{user}"),
        std::pair("identity.sockel/ServiceAccount",
                  "tenants/{tenant}/serviceAccounts/{service_account}")}) {
    types_[type].emplace_back(pattern);
  }
}

void ResourceTypes::AddFile(const google::protobuf::FileDescriptor& file) {
  if (!seen_.emplace(&file, true).second) return;
  for (const auto& definition :
       file.options().GetRepeatedExtension(google::api::resource_definition)) {
    if (types_.count(definition.type()) != 0) continue;
    for (const std::string& pattern : definition.pattern()) {
      types_[definition.type()].emplace_back(pattern);
    }
  }
  for (int i = 0; i < file.message_type_count(); ++i) AddMessage(*file.message_type(i));
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i));
}

void ResourceTypes::AddMessage(const google::protobuf::Descriptor& message) {
  const auto& resource = message.options().GetExtension(google::api::resource);
  if (!resource.type().empty() && types_.count(resource.type()) == 0) {
    for (const std::string& pattern : resource.pattern()) {
      types_[resource.type()].emplace_back(pattern);
    }
  }
  for (int i = 0; i < message.nested_type_count(); ++i) AddMessage(*message.nested_type(i));
}

std::vector<ResourcePattern> ResourceTypes::Find(const std::string& type) const {
  const auto found = types_.find(type);
  return found == types_.end() ? std::vector<ResourcePattern>() : found->second;
}

std::string_view TenantOf(std::string_view name) {
  if (name.substr(0, kTenants.size()) != kTenants || name.size() <= kTenants.size() ||
      name[kTenants.size()] != '/') {
    return {};
  }
  name.remove_prefix(kTenants.size() + 1);
  return name.substr(0, name.find('/'));
}

bool IsTenantCode(std::string_view code) {
  if (code.size() < 2 || code.size() > 40 || code[0] < 'a' || code[0] > 'z') return false;
  for (const char c : code) {
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') return false;
  }
  return true;
}

}  // namespace sockel::rpc
