#include "common/rpc/runtime/process.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "absl/synchronization/mutex.h"
#include "common/log/log.h"

namespace sockel::rpc {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void PrepareProcess() {
#ifdef NDEBUG
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void TakeOverLibraryLogs() {
  gpr_set_log_function([](gpr_log_func_args* args) {
    log::Default().Log(
        args->severity == GPR_LOG_SEVERITY_ERROR ? log::Level::kWarning : log::Level::kDebug,
        args->message, {{"library", "grpc"}});
  });
  google::protobuf::SetLogHandler([](google::protobuf::LogLevel level, const char* /*file*/,
                                     int /*line*/, const std::string& message) {
    // Errors are about what clients send; the client is told.
    log::Default().Log(
        level == google::protobuf::LOGLEVEL_FATAL ? log::Level::kError : log::Level::kDebug,
        message, {{"library", "protobuf"}});
  });
}

void WaitForStopSignal() {
  const sigset_t signals = StopSignals();
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

absl::Status WriteFileAtomically(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  {
    std::ofstream file(temporary, std::ios::trunc);
    file << text;
    file.close();
    if (!file) return absl::InvalidArgumentError(temporary + ": cannot be written");
  }
  if (std::rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(path + ": cannot be written");
}

}  // namespace sockel::rpc
