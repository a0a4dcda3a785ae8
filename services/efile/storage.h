#pragma once

#include "services/efile/content/content_store.h"
#include "services/efile/content/media_type.h"
#include "services/efile/keys/tenant_keys.h"

namespace sockel::efile {

// What content needs besides the database. The parts outlive it.
struct Storage {
  ContentStore& store;
  TenantKeys& keys;
  const MediaTypes& media_types;
};

}  // namespace sockel::efile
