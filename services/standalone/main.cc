#include "common/rpc/runtime.h"
#include "services/catalog/service.h"
#include "services/efile/service.h"
#include "services/identity/identity.h"
#include "services/notification/notification.h"

// Identity first: the others verify tokens with its keys.
int main(int argc, char** argv) {
  return sockel::rpc::StandaloneMain(argc, argv,
                                     {sockel::identity::Spec(), sockel::efile::Spec(),
                                      sockel::notification::Spec(), sockel::catalog::Spec()});
}
