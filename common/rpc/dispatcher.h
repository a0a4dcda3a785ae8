#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/caller/caller.h"
#include "common/rpc/client_stream_call.h"
#include "common/rpc/core.h"
#include "common/rpc/dispatcher_options.h"
#include "common/rpc/server_stream_call.h"
#include "common/rpc/stream.h"
#include "common/rpc/unary_call.h"

// The way of every call: admission → worker → authentication → authorisation →
// validation → use case → metrics, one log line, error mapping.
//
//   class DossierDoor final : public DossierService::CallbackService {
//    public:
//     DossierDoor(const rpc::Dispatcher& dispatcher, Dossiers& dossiers)
//         : rpc_(dispatcher.For<DossierService>()), dossiers_(dossiers) {}
//     grpc::ServerUnaryReactor* CreateDossier(grpc::CallbackServerContext* ctx,
//         const CreateDossierRequest* req, Dossier* resp) override {
//       return rpc_.Unary(ctx, req, resp, dossiers_, &Dossiers::Create);
//     }
//     grpc::ServerWriteReactor<DownloadChunk>* Download(ctx, req) override {
//       return rpc_.ServerStream(ctx, req, contents_, &Contents::Download);
//     }
//     grpc::ServerReadReactor<AppendUploadRequest>* Append(ctx, resp) override {
//       return rpc_.ClientStream(ctx, resp, uploads_, &Uploads::Append);
//     }
//    private:
//     rpc::ServiceDispatcher rpc_;
//     Dossiers& dossiers_;
//   };
//
// The calls find the method's descriptor by the name of the calling function
// (__builtin_FUNCTION), so that function is named as the RPC.
//
// Use cases:
//   absl::StatusOr<Resp>      Object::Method(const Caller&, const Req&)
//   rpc::SourceOr<Resp>       Object::Method(const Caller&, const Req&)
//   rpc::SinkOr<Req, Resp>    Object::Method(const Caller&, const Req& first)   first message; it
//   is also
//                                                                                passed to
//                                                                                Sink::Write
namespace sockel::rpc {

// The RPCs of one service. A small value; valid as long as its Dispatcher.
class ServiceDispatcher {
 public:
  template <typename Req, typename Resp, typename Object, typename Fn>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* ctx, const Req* req, Resp* resp,
                                  Object& object, Fn fn,
                                  const char* rpc = __builtin_FUNCTION()) const {
    return StartUnary(ctx, req, resp, object, fn, rpc, internal::Where::kWorker, core_->workers());
  }

  // The same on a pool of its own, for use cases whose slowness must not become
  // that of others: what hashes passwords. `pool` outlives the dispatcher.
  template <typename Req, typename Resp, typename Object, typename Fn>
  grpc::ServerUnaryReactor* UnaryIn(WorkerPool& pool, grpc::CallbackServerContext* ctx,
                                    const Req* req, Resp* resp, Object& object, Fn fn,
                                    const char* rpc = __builtin_FUNCTION()) const {
    return StartUnary(ctx, req, resp, object, fn, rpc, internal::Where::kWorker, pool);
  }

  // For use cases that never block: no database, no file, no other service.
  // Runs on the reactor's thread when the token is known already, and so saves
  // two thread switches.
  template <typename Req, typename Resp, typename Object, typename Fn>
  grpc::ServerUnaryReactor* UnaryInline(grpc::CallbackServerContext* ctx, const Req* req,
                                        Resp* resp, Object& object, Fn fn,
                                        const char* rpc = __builtin_FUNCTION()) const {
    return StartUnary(ctx, req, resp, object, fn, rpc, internal::Where::kInline, core_->workers());
  }

  template <typename Req, typename Object, typename Fn>
  auto ServerStream(grpc::CallbackServerContext* ctx, const Req* req, Object& object, Fn fn,
                    const char* rpc = __builtin_FUNCTION()) const {
    using Call = internal::ServerStreamCall<Req, Object, Fn>;
    return Started<grpc::ServerWriteReactor<typename Call::Response>>(
        new Call(*core_, Find(rpc), ctx, req, object, fn));
  }

  template <typename Resp, typename Object, typename Fn>
  auto ClientStream(grpc::CallbackServerContext* ctx, Resp* resp, Object& object, Fn fn,
                    const char* rpc = __builtin_FUNCTION()) const {
    using Call = internal::ClientStreamCall<Resp, Object, Fn>;
    return Started<grpc::ServerReadReactor<typename Call::Request>>(
        new Call(*core_, Find(rpc), ctx, resp, object, fn));
  }

 private:
  friend class Dispatcher;
  ServiceDispatcher(internal::Core* core, const internal::ServiceState* service)
      : core_(core), service_(service) {}

  template <typename Req, typename Resp, typename Object, typename Fn>
  grpc::ServerUnaryReactor* StartUnary(grpc::CallbackServerContext* ctx, const Req* req, Resp* resp,
                                       Object& object, Fn fn, const char* rpc,
                                       internal::Where where, WorkerPool& pool) const {
    // Owns itself until it has answered.
    auto* call = new internal::UnaryCall<Req, Resp, Object, Fn>(*core_, Find(rpc), ctx, req, resp,
                                                                object, fn);
    return call->Start(where, pool);
  }

  // A stream owns itself until gRPC is done with it, which is not before the
  // reactor was returned.
  template <typename Reactor, typename Call>
  static Reactor* Started(Call* call) {
    call->Start();
    return call;
  }

  const internal::MethodState& Find(const char* rpc) const;

  internal::Core* core_;
  const internal::ServiceState* service_;
};

// One per service process (per runtime in standalone). Thread-safe. Outlives
// the grpc::Server whose calls it dispatches.
class Dispatcher {
 public:
  explicit Dispatcher(const DispatcherOptions& options);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // `Service` is the generated class, e.g. efile::v1::DossierService.
  template <typename Service>
  ServiceDispatcher For() const {
    return ForName(Service::service_full_name());
  }

  // Not OK when an RPC lacks its permission, declares both permission and
  // access, or has a faulty annotation. Checked before serving.
  absl::Status status() const;

  // Full names of the services asked for so far.
  std::vector<std::string> service_names() const;

  // From now on calls are refused with UNAVAILABLE/DRAINING and streams that
  // wait for news end so; streams that are sending or receiving go on.
  void Drain();

 private:
  friend void ExplainMalformedRequests(grpc::ServerBuilder& builder, const Dispatcher& dispatcher);
  ServiceDispatcher ForName(std::string_view service_full_name) const;
  std::unique_ptr<internal::Core> core_;
};

}  // namespace sockel::rpc
