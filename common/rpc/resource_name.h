#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sockel::rpc {

// The form of a resource's name, as google.api.resource declares it:
// `tenants/{tenant}/dossiers/{dossier}`. A value.
class ResourcePattern {
 public:
  explicit ResourcePattern(std::string_view text);
  // Any name made of `collection/{id}` pairs.
  static ResourcePattern Any() { return ResourcePattern(""); }

  // Ids: [a-zA-Z0-9][a-zA-Z0-9._-]{0,63}. With `all_tenants` the tenant's id
  // may also be `-`.
  bool Matches(std::string_view name, bool all_tenants) const;

  // Without its last collection and id; for child_type references.
  ResourcePattern Parent() const;

  // Names start with `tenants/`.
  bool InTenant() const;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<std::string> segments_;  // empty text = variable; none at all = any
};

// Which patterns each resource type has, from the annotations in a file and
// all it imports.
class ResourceTypes {
 public:
  // Knows what every service refers to without importing identity's files:
  // tenants and principals.
  ResourceTypes();
  void AddFile(const google::protobuf::FileDescriptor& file);
  // Type `efile.sockel/Dossier`; empty when it is not declared anywhere.
  std::vector<ResourcePattern> Find(const std::string& type) const;

 private:
  void AddMessage(const google::protobuf::Descriptor& message);
  std::map<std::string, std::vector<ResourcePattern>> types_;
  std::map<const google::protobuf::FileDescriptor*, bool> seen_;
};

// The code in `tenants/{code}` or `tenants/{code}/…`; empty when the name is of
// another form. The code itself is not checked.
std::string_view TenantOf(std::string_view name);

// [a-z][a-z0-9-]{1,39}
bool IsTenantCode(std::string_view code);

}  // namespace sockel::rpc
