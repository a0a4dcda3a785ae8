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

// Feeds a Sink: one message is worked on while the next one is received, never
// more, so that a slow sink slows its client down.
class ClientStreamBase : public WorkerPool::Task, public OpenStream {
 public:
  ClientStreamBase(Core& core, const MethodState& method, grpc::CallbackServerContext* context)
      : call_(core, method, context) {}

  void Start();
  void OnDrain() final {}
  void OnIdleCheck(absl::Time since) final;

 protected:
  // The reactions of gRPC.
  void OnRead(bool ok);
  void OnCancelled();

  // Starts to receive into the spare message.
  virtual void StartReading() = 0;
  // The received message becomes the current one, the current one the spare.
  virtual void Swap() = 0;
  virtual google::protobuf::Message& current() = 0;
  virtual google::protobuf::Message& spare() = 0;
  virtual absl::Status Open(const Caller& caller) = 0;
  virtual absl::Status WriteCurrent() = 0;
  virtual absl::Status FinishSink() = 0;
  virtual void CloseSink() = 0;
  virtual void FinishReactor(const grpc::Status& status) = 0;

 private:
  enum class After { kMore, kIdle, kComplete };

  void Read();
  // Queues a step, and goes on reading. False when the `first` one finds no room.
  bool Submit(bool first, bool read_on);
  void Run() final;
  absl::Status Consume();
  After TakeNext();
  absl::Status Complete();
  bool IsCancelled();
  bool IsMalformed();
  void End(const absl::Status& status);

  Call call_;
  bool opened_ = false;
  absl::Mutex mutex_;
  // When the last message came, or the stream began.
  absl::Time last_heard_ ABSL_GUARDED_BY(mutex_);
  bool idle_ ABSL_GUARDED_BY(mutex_) = false;       // nothing came for too long
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;       // a step is queued or runs
  bool received_ ABSL_GUARDED_BY(mutex_) = false;   // a message waits in the spare
  bool complete_ ABSL_GUARDED_BY(mutex_) = false;   // nothing more will come
  bool malformed_ ABSL_GUARDED_BY(mutex_) = false;  // what came last does not parse
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool admitted_ ABSL_GUARDED_BY(mutex_) = false;  // the first step got a place in the queue
  bool has_current_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

template <typename Resp, typename Object, typename Fn>
struct ClientStreamTypes;

// The message type is that of the use case's second parameter.
template <typename Resp, typename Object, typename Class, typename Req>
struct ClientStreamTypes<Resp, Object, SinkOr<Req, Resp> (Class::*)(const Caller&, const Req&)> {
  using Request = Req;
};
template <typename Resp, typename Object, typename Class, typename Req>
struct ClientStreamTypes<Resp, Object,
                         SinkOr<Req, Resp> (Class::*)(const Caller&, const Req&) const> {
  using Request = Req;
};

template <typename Resp, typename Object, typename Fn>
class ClientStreamCall final
    : public grpc::ServerReadReactor<typename ClientStreamTypes<Resp, Object, Fn>::Request>,
      public ClientStreamBase {
 public:
  using Request = typename ClientStreamTypes<Resp, Object, Fn>::Request;

  ClientStreamCall(Core& core, const MethodState& method, grpc::CallbackServerContext* context,
                   Resp* response, Object& object, Fn fn)
      : ClientStreamBase(core, method, context), response_(*response), object_(object), fn_(fn) {}

 private:
  void OnReadDone(bool ok) override { OnRead(ok); }
  void OnCancel() override { OnCancelled(); }
  void OnDone() override { delete this; }

  void StartReading() override { this->StartRead(&spare_); }
  void Swap() override { current_.Swap(&spare_); }
  google::protobuf::Message& current() override { return current_; }
  google::protobuf::Message& spare() override { return spare_; }

  absl::Status Open(const Caller& caller) override {
    SinkOr<Request, Resp> sink =
        std::invoke(fn_, object_, caller, static_cast<const Request&>(current_));
    if (!sink.ok()) return std::move(sink).status();
    sink_ = *std::move(sink);
    return absl::OkStatus();
  }

  absl::Status WriteCurrent() override { return sink_->Write(current_); }

  absl::Status FinishSink() override {
    absl::StatusOr<Resp> result = sink_->Finish();
    if (!result.ok()) return std::move(result).status();
    response_ = *std::move(result);
    return absl::OkStatus();
  }

  void CloseSink() override { sink_.reset(); }
  void FinishReactor(const grpc::Status& status) override { this->Finish(status); }

  Resp& response_;
  Object& object_;
  const Fn fn_;
  std::unique_ptr<Sink<Request, Resp>> sink_;
  Request current_;
  Request spare_;
};

}  // namespace sockel::rpc::internal
