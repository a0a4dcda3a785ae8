#include "services/notification/notification.h"

int main(int argc, char** argv) {
  return sockel::rpc::ServiceMain(argc, argv, sockel::notification::Spec());
}
