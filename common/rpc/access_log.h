#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sockel::rpc {

// One finished call. No personal data: no subject, no resource names, no
// address.
struct AccessRecord {
  std::string_view method;  // `sockel.efile.v1.DossierService/GetDossier`
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string_view reason;  // ErrorInfo.reason, empty when OK
  absl::Duration duration;
  std::string_view tenant;
  std::string_view trace_id;
  std::string_view defect;  // only for INTERNAL and DATA_LOSS: what went wrong, for us
};

// Takes one record per call. Thread-safe; must not block.
class AccessLog {
 public:
  virtual ~AccessLog() = default;
  virtual void Write(const AccessRecord& record) = 0;
};

// One JSON object per line to a file descriptor, written in batches by a
// thread of its own. When whoever reads the descriptor is too slow, lines are
// left out and a later line says how many.
class JsonAccessLog final : public AccessLog {
 public:
  // Does not own `fd`. `service` is put into every line.
  JsonAccessLog(int fd, const std::string& service);
  // Writes what is left.
  ~JsonAccessLog() override;

  void Write(const AccessRecord& record) override;

 private:
  void WriteBatches();
  const int fd_;
  const std::string prefix_;
  absl::Mutex mutex_;
  absl::CondVar work_;  // not Await: its conditions would be looked at by every Write
  std::string buffer_ ABSL_GUARDED_BY(mutex_);
  int64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread writer_;
};

}  // namespace sockel::rpc
