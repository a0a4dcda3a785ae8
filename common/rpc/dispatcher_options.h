#pragma once

#include <string>

#include "absl/time/time.h"
#include "common/caller/authenticator.h"
#include "common/metrics/metrics.h"
#include "common/rpc/access_log.h"
#include "common/rpc/worker_pool.h"

namespace sockel::rpc {

// References outlive the dispatcher.
struct DispatcherOptions {
  WorkerPool& workers;
  const Authenticator& authenticator;
  AllowsFunction allows;
  metrics::Registry& metrics;
  AccessLog& log;
  // ErrorInfo.domain: `efile.sockel`.
  std::string error_domain;
  // For unary calls without a deadline.
  absl::Duration default_deadline = absl::Seconds(30);
  // Calls with less time left than this are refused: nobody would hear the
  // answer.
  absl::Duration least_remaining = absl::Milliseconds(1);
  // Most streams open at a time, and half of that for one tenant; more are refused
  // with OVERLOADED.
  int max_streams = 2000;
  // How long a client that streams may send nothing; then the stream ends with
  // DEADLINE_EXCEEDED/STREAM_IDLE. And how long it may take nothing of what is
  // sent; then it ends with CANCELLED.
  absl::Duration stream_idle = absl::Minutes(1);
};

}  // namespace sockel::rpc
