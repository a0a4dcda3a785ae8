#include <google/protobuf/stubs/logging.h>
#include <sys/stat.h>

#include <cstdlib>

#include "common/log/log.h"
#include "tools/sockel/program.h"

int main(int argc, char** argv) {
  // Documents and evidence are as confidential as what they came from: what is
  // written is for its owner, who may give it to others.
  umask(S_IRWXG | S_IRWXO);
  // What libraries log is not for who uses a command line.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  google::protobuf::SetLogHandler(nullptr);
  sockel::log::Default().SetLevel(sockel::log::Level::kError);
  return sockel::cli::Run(argc, argv,
                          sockel::cli::ProfileStore(sockel::cli::ProfileStore::DefaultFolder()));
}
