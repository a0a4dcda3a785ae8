#include "services/catalog/service.h"

int main(int argc, char** argv) {
  return sockel::rpc::ServiceMain(argc, argv, sockel::catalog::Spec());
}
