#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "common/rpc/worker_pool.h"

namespace sockel::rpc::internal {

// Where a unary use case runs.
enum class Where { kWorker, kInline };

class UnaryCallBase : public WorkerPool::Task {
 public:
  UnaryCallBase(Core& core, const MethodState& method, grpc::CallbackServerContext* context)
      : call_(core, method, context), reactor_(context->DefaultReactor()) {}

  // Returns the reactor. The object deletes itself when the call is finished.
  grpc::ServerUnaryReactor* Start(Where where, WorkerPool& pool);

 protected:
  virtual google::protobuf::Message& request() = 0;
  virtual absl::Status Handle(const Caller& caller) = 0;

 private:
  void Run() final;
  absl::Status Execute();
  void Finish(const absl::Status& status);

  Call call_;
  grpc::ServerUnaryReactor* const reactor_;
};

template <typename Req, typename Resp, typename Object, typename Fn>
class UnaryCall final : public UnaryCallBase {
 public:
  UnaryCall(Core& core, const MethodState& method, grpc::CallbackServerContext* context,
            const Req* request, Resp* response, Object& object, Fn fn)
      : UnaryCallBase(core, method, context),
        request_(Own(request)),
        response_(*response),
        object_(object),
        fn_(fn) {}

 private:
  google::protobuf::Message& request() override { return request_; }

  absl::Status Handle(const Caller& caller) override {
    absl::StatusOr<Resp> result =
        std::invoke(fn_, object_, caller, static_cast<const Req&>(request_));
    if (!result.ok()) return std::move(result).status();
    response_ = *std::move(result);
    return absl::OkStatus();
  }

  Req& request_;
  Resp& response_;
  Object& object_;
  const Fn fn_;
};

}  // namespace sockel::rpc::internal
