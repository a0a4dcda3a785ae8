#include "common/rpc/core.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sockel::rpc::internal {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

std::string_view TypeOf(const MethodDescriptor& method) {
  if (method.client_streaming()) return "client_stream";
  return method.server_streaming() ? "server_stream" : "unary";
}

}  // namespace

Core::Core(const DispatcherOptions& options)
    : options_(options),
      unknown_(std::make_unique<MethodState>()),
      streams_(options.max_streams, options.stream_idle) {
  unknown_->full_name = "unknown";
  MakeMetrics("unknown", "unknown", "unary", *unknown_);
}

const ServiceState& Core::Service(std::string_view full_name) {
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<ServiceState>& slot = services_[std::string(full_name)];
  if (slot != nullptr) return *slot;
  slot = std::make_unique<ServiceState>();
  slot->full_name = std::string(full_name);
  const ServiceDescriptor* descriptor =
      DescriptorPool::generated_pool()->FindServiceByName(slot->full_name);
  if (descriptor == nullptr) {
    problems_.push_back(slot->full_name + ": is not a service of this binary");
    return *slot;
  }
  for (int i = 0; i < descriptor->method_count(); ++i) {
    const MethodDescriptor& method = *descriptor->method(i);
    slot->methods.emplace(method.name(), MakeMethod(method));
  }
  return *slot;
}

const MethodState* Core::Find(std::string_view path) const {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0 || path[0] != '/') return nullptr;
  absl::MutexLock lock(&mutex_);
  const auto service = services_.find(std::string(path.substr(1, slash - 1)));
  if (service == services_.end()) return nullptr;
  const auto& methods = service->second->methods;
  const auto method = methods.find(std::string(path.substr(slash + 1)));
  return method == methods.end() ? nullptr : method->second.get();
}

std::unique_ptr<MethodState> Core::MakeMethod(const MethodDescriptor& method) {
  auto state = std::make_unique<MethodState>();
  const std::string& service = method.service()->full_name();
  state->full_name = absl::StrCat(service, "/", method.name());
  state->permission = method.options().GetExtension(options::v1::permission);
  state->access = method.options().GetExtension(options::v1::access);
  state->lists = !state->permission.empty() && absl::StartsWith(method.name(), "List");
  if (state->permission.empty() == (state->access == options::v1::ACCESS_UNSPECIFIED)) {
    problems_.push_back(state->full_name + ": declares not exactly one of permission and access");
  }
  state->plan = std::make_unique<RequestPlan>(plans_.For(*method.input_type(), problems_));
  MakeMetrics(service, method.name(), TypeOf(method), *state);
  return state;
}

void Core::MakeMetrics(const std::string& service, const std::string& method, std::string_view type,
                       MethodState& state) {
  metrics::Labels labels = {
      {"rpc_service", service}, {"rpc_method", method}, {"rpc_type", std::string(type)}};
  state.duration = &options_.metrics.Histogram(
      "sockel_rpc_duration_seconds", "From admission to the last status, of streams too.", labels);
  for (std::size_t code = 0; code < state.handled.size(); ++code) {
    labels["code"] =
        code == 0 ? "OK" : absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
    state.handled[code] =
        &options_.metrics.Counter("sockel_rpc_handled_total", "Finished calls by code.", labels);
  }
}

absl::Status Core::status() const {
  absl::MutexLock lock(&mutex_);
  if (problems_.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(problems_, "; "));
}

std::vector<std::string> Core::service_names() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> names;
  for (const auto& [name, service] : services_) names.push_back(name);
  return names;
}

void Core::Drain() {
  draining_ = true;
  streams_.Drain();
}

}  // namespace sockel::rpc::internal
