#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/caller/authenticator.h"
#include "common/caller/caller.h"
#include "common/metrics/metrics.h"
#include "common/rpc/access_log.h"
#include "common/rpc/client_stream_call.h"
#include "common/rpc/server_stream_call.h"
#include "common/rpc/stream.h"
#include "common/rpc/unary_call.h"
#include "common/rpc/worker_pool.h"

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
//   rpc::SinkOr<Req, Resp>    Object::Method(const Caller&, const Req& first)   first message; it is also
//                                                                                passed to Sink::Write
namespace sockel::rpc {

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
  // Most streams open at a time; more are refused with OVERLOADED.
  int max_streams = 2000;
};

// The RPCs of one service. A small value; valid as long as its Dispatcher.
class ServiceDispatcher {
 public:
  template <typename Req, typename Resp, typename Object, typename Fn>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* ctx, const Req* req, Resp* resp,
                                  Object& object, Fn fn,
                                  const char* rpc = __builtin_FUNCTION()) const {
    return internal::StartUnary(
        *new internal::UnaryCall<Req, Resp, Object, Fn>(*core_, Find(rpc), ctx, req, resp, object, fn),
        internal::Where::kWorker);
  }

  // For use cases that never block: no database, no file, no other service.
  // Runs on the reactor's thread when the token is known already, and so saves
  // two thread switches.
  template <typename Req, typename Resp, typename Object, typename Fn>
  grpc::ServerUnaryReactor* UnaryInline(grpc::CallbackServerContext* ctx, const Req* req,
                                        Resp* resp, Object& object, Fn fn,
                                        const char* rpc = __builtin_FUNCTION()) const {
    return internal::StartUnary(
        *new internal::UnaryCall<Req, Resp, Object, Fn>(*core_, Find(rpc), ctx, req, resp, object, fn),
        internal::Where::kInline);
  }

  template <typename Req, typename Object, typename Fn>
  auto ServerStream(grpc::CallbackServerContext* ctx, const Req* req, Object& object, Fn fn,
                    const char* rpc = __builtin_FUNCTION()) const {
    using Call = internal::ServerStreamCall<Req, Object, Fn>;
    grpc::ServerWriteReactor<typename Call::Response>* reactor =
        internal::StartServerStream(*new Call(*core_, Find(rpc), ctx, req, object, fn));
    return reactor;
  }

  template <typename Resp, typename Object, typename Fn>
  auto ClientStream(grpc::CallbackServerContext* ctx, Resp* resp, Object& object, Fn fn,
                    const char* rpc = __builtin_FUNCTION()) const {
    using Call = internal::ClientStreamCall<Resp, Object, Fn>;
    grpc::ServerReadReactor<typename Call::Request>* reactor =
        internal::StartClientStream(*new Call(*core_, Find(rpc), ctx, resp, object, fn));
    return reactor;
  }

 private:
  friend class Dispatcher;
  ServiceDispatcher(internal::Core* core, const internal::ServiceState* service)
      : core_(core), service_(service) {}
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

  // From now on calls are refused with UNAVAILABLE/DRAINING and streams that
  // wait for news end so; streams that are sending or receiving go on.
  void Drain();

 private:
  ServiceDispatcher ForName(std::string_view service_full_name) const;
  std::unique_ptr<internal::Core> core_;
};

}  // namespace sockel::rpc
