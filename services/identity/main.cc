#include "services/identity/identity.h"

int main(int argc, char** argv) {
  return sockel::rpc::ServiceMain(argc, argv, sockel::identity::Spec());
}
