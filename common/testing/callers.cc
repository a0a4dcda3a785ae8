#include "common/testing/callers.h"

#include <sodium.h>

#include <utility>

#include "common/ids/ids.h"

namespace sockel::testing {

Caller MakeCaller(std::string_view tenant, std::string_view subject,
                  std::vector<std::string> roles) {
  Caller caller;
  caller.tenant = std::string(tenant);
  caller.home_tenant = caller.tenant;
  caller.subject =
      subject.empty() ? "tenants/" + caller.tenant + "/users/u1" : std::string(subject);
  caller.roles = std::move(roles);
  caller.method = "sockel.test.v1.TestService/Test";
  caller.permission = "test.things.test";
  caller.trace_id = "0af7651916cd43dd8448eb211c80319c";
  caller.span_id = "b7ad6b7169203331";
  return caller;
}

Caller WithRequestId(Caller caller, std::string_view content) {
  caller.request_id = ids::NewUuidV4();
  caller.request_hash.assign(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(caller.request_hash.data()),
                     reinterpret_cast<const unsigned char*>(content.data()), content.size());
  return caller;
}

}  // namespace sockel::testing
