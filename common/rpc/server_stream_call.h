#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/call.h"
#include "common/rpc/stream.h"
#include "common/rpc/worker_pool.h"

namespace sockel::rpc::internal {

// Drives a Source: one step on a worker per message, the next one only when
// the client took the message before. While the source has nothing, the stream
// holds no thread.
class ServerStreamBase : public WorkerPool::Task, public OpenStream {
 public:
  ServerStreamBase(Core& core, const MethodState& method, grpc::CallbackServerContext* context);

  void Start();
  void OnDrain() final;
  void OnIdleCheck(absl::Time since) final;

 protected:
  // The reactions of gRPC.
  void OnWritten(bool ok);
  void OnCancelled();

  virtual google::protobuf::Message& request() = 0;
  virtual absl::Status Open(const Caller& caller) = 0;
  virtual absl::StatusOr<Pull> Next(const std::function<void()>& wake) = 0;
  virtual void CloseSource() = 0;
  // Sends what Next() filled in.
  virtual void Write() = 0;
  virtual void FinishReactor(const grpc::Status& status) = 0;

 private:
  enum class State { kRunning, kWriting, kWaiting, kEnded };

  // Outlives the stream in the hands of whoever may wake it.
  struct Waker {
    absl::Mutex mutex;
    ServerStreamBase* stream ABSL_GUARDED_BY(mutex);
    State state ABSL_GUARDED_BY(mutex) = State::kRunning;
    bool woken ABSL_GUARDED_BY(mutex) = false;  // while running
    bool cancelled ABSL_GUARDED_BY(mutex) = false;
    bool draining ABSL_GUARDED_BY(mutex) = false;
    // While writing: since when the client has not taken the message.
    absl::Time writing_since ABSL_GUARDED_BY(mutex);
    absl::Status given_up ABSL_GUARDED_BY(mutex);  // why we cancelled it ourselves

    void Wake();
    void RunIfWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  };

  void Run() final;
  absl::Status Begin();
  // True when the worker is done with this step.
  bool HandlePull(Pull pull);
  bool Wait();
  // Why the stream ends between two steps; OK when it goes on.
  absl::Status Interruption();
  void End(const absl::Status& status);

  Call call_;
  const std::shared_ptr<Waker> waker_;
  const std::function<void()> wake_;
  bool begun_ = false;
};

template <typename Req, typename Object, typename Fn>
struct ServerStreamTypes {
  using Result = std::invoke_result_t<Fn, Object&, const Caller&, const Req&>;
  using SourcePointer = typename Result::value_type;
  template <typename R>
  static R ResponseOf(Source<R>*);
  using Response = decltype(ResponseOf(std::declval<SourcePointer>().get()));
};

template <typename Req, typename Object, typename Fn>
class ServerStreamCall final
    : public grpc::ServerWriteReactor<typename ServerStreamTypes<Req, Object, Fn>::Response>,
      public ServerStreamBase {
 public:
  using Response = typename ServerStreamTypes<Req, Object, Fn>::Response;

  ServerStreamCall(Core& core, const MethodState& method, grpc::CallbackServerContext* context,
                   const Req* request, Object& object, Fn fn)
      : ServerStreamBase(core, method, context), request_(Own(request)), object_(object), fn_(fn) {}

 private:
  void OnWriteDone(bool ok) override { OnWritten(ok); }
  void OnCancel() override { OnCancelled(); }
  void OnDone() override { delete this; }

  google::protobuf::Message& request() override { return request_; }

  absl::Status Open(const Caller& caller) override {
    SourceOr<Response> source =
        std::invoke(fn_, object_, caller, static_cast<const Req&>(request_));
    if (!source.ok()) return std::move(source).status();
    source_ = *std::move(source);
    return absl::OkStatus();
  }

  absl::StatusOr<Pull> Next(const std::function<void()>& wake) override {
    message_.Clear();
    return source_->Next(message_, wake);
  }

  void CloseSource() override { source_.reset(); }
  void Write() override { this->StartWrite(&message_); }
  void FinishReactor(const grpc::Status& status) override { this->Finish(status); }

  Req& request_;
  Object& object_;
  const Fn fn_;
  std::unique_ptr<Source<Response>> source_;
  Response message_;
};

}  // namespace sockel::rpc::internal
