#include "services/efile/service.h"

int main(int argc, char** argv) {
  return sockel::rpc::ServiceMain(argc, argv, sockel::efile::Spec());
}
