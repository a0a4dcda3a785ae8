#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "common/caller/caller.h"

namespace sockel {

// The tenant's code in a resource name: `smi` of `tenants/smi/dossiers/…`;
// empty when the name does not begin with a tenant.
inline std::string_view TenantInName(std::string_view resource) {
  constexpr std::string_view kPrefix = "tenants/";
  if (resource.substr(0, kPrefix.size()) != kPrefix) return {};
  resource.remove_prefix(kPrefix.size());
  return resource.substr(0, resource.find('/'));
}

// The tenant that something done to `resource` is recorded under: the caller's,
// or for work across tenants (`*`) that in the name. A resource without either
// is a defect: std::invalid_argument.
inline std::string RecordingTenant(const Caller& caller, std::string_view resource) {
  const std::string tenant =
      caller.tenant == "*" ? std::string(TenantInName(resource)) : caller.tenant;
  if (tenant.empty()) {
    throw std::invalid_argument("no tenant to record under: " + std::string(resource));
  }
  return tenant;
}

}  // namespace sockel
