#pragma once

#include <string>

#include <sys/types.h>

#include "tools/bench/load.h"
#include "tools/bench/suite_client.h"

namespace sockel::bench {

// A bare callback server in a process of its own, as a service is one.
class EchoServer {
 public:
  EchoServer();
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  const std::string& target() const { return target_; }

 private:
  pid_t child_ = -1;
  int lifeline_ = -1;  // the child ends when this closes
  std::string target_;
};

// The same client as the suite's figures have: token and deadline travel with
// each call, and the bare server pays no heed to them.
StartCall EchoCalls(const std::string& target, const BenchTenant& tenant, size_t channels);

// Nothing but the message. No limit for calls that have a caller; it shows what
// token and deadline cost in gRPC.
StartCall BareEchoCalls(const std::string& target, size_t channels);

}  // namespace sockel::bench
