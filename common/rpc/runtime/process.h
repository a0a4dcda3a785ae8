#pragma once

#include <string>

#include "absl/status/status.h"

namespace sockel::rpc {

// Before the first thread. SIGTERM and SIGINT wait for WaitForStopSignal(); a
// closed pipe is an error of the write, not the end of the process. In release
// builds absl's deadlock detector is off: Debian ships it switched on, and then
// every lock of a mutex, gRPC's own included, passes through one global lock.
void PrepareProcess();

// What gRPC and protobuf have to say goes to our log, as JSON like the rest:
// their errors as warnings, for they are mostly the peers'.
void TakeOverLibraryLogs();

// Returns when the process shall stop. After it, a second signal ends the
// process at once.
void WaitForStopSignal();

// Whole or not at all.
absl::Status WriteFileAtomically(const std::string& path, const std::string& text);

}  // namespace sockel::rpc
