#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace sockel {

// Who asks, for which tenant, until when. The dispatcher fills it in once per
// call; use cases and stores pass it on unchanged. A plain value.
struct Caller {
  // Resource name of the principal, `tenants/smi/users/0190…`; empty for a
  // public method, which looks at no token; `system` for a service's own work.
  std::string subject;
  // Tenant the principal belongs to, e.g. `smi`. Empty when anonymous.
  std::string home_tenant;
  // Tenant this call works in: taken from the request's `name`/`parent` and
  // authorised. Transactions are bound to it. `*` = all tenants: only for a
  // service's own work and for methods whose permission is granted across
  // tenants (see auth::Allows).
  std::string tenant;
  // Names of the roles in the token, e.g. `caseworker`.
  std::vector<std::string> roles;
  // On whose behalf an application acts (claim `act`), else empty.
  std::string on_behalf_of;
  // Session the token belongs to; empty for service accounts.
  std::string session;

  // Full method, `sockel.efile.v1.DossierService/CreateDossier`.
  std::string method;
  // The permission that allowed the call; becomes the audit entry's action.
  std::string permission;
  // Idempotency: empty when the request has none.
  std::string request_id;
  // SHA-256 over method, subject and request without its request_id; 32 bytes.
  std::string request_hash;

  // When the answer is no longer wanted.
  absl::Time deadline = absl::InfiniteFuture();
  // W3C trace id, 32 hex digits.
  std::string trace_id;
  // Span of this server, 16 hex digits; parent of outgoing calls.
  std::string span_id;
  // Network address without port, for back-off budgets; never logged. Set for
  // public methods only.
  std::string peer;

  // The same caller working in another tenant. For public methods whose tenant
  // is only known after looking (sign-in), and for system work.
  Caller InTenant(std::string code) const {
    Caller copy = *this;
    copy.tenant = std::move(code);
    return copy;
  }

  // A service working on its own account in one tenant, or in all (`*`).
  static Caller System(std::string tenant_code) {
    Caller caller;
    caller.subject = "system";
    caller.tenant = std::move(tenant_code);
    return caller;
  }
};

}  // namespace sockel
