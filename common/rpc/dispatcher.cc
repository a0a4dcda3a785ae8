#include "common/rpc/dispatcher.h"

#include "common/rpc/core.h"

namespace sockel::rpc {

const internal::MethodState& ServiceDispatcher::Find(const char* rpc) const {
  const auto found = service_->methods.find(absl::string_view(rpc));
  return found == service_->methods.end() ? core_->Unknown() : *found->second;
}

Dispatcher::Dispatcher(const DispatcherOptions& options)
    : core_(std::make_unique<internal::Core>(options)) {}

Dispatcher::~Dispatcher() = default;

ServiceDispatcher Dispatcher::ForName(std::string_view service_full_name) const {
  return ServiceDispatcher(core_.get(), &core_->Service(service_full_name));
}

absl::Status Dispatcher::status() const { return core_->status(); }

std::vector<std::string> Dispatcher::service_names() const { return core_->service_names(); }

void Dispatcher::Drain() { core_->Drain(); }

}  // namespace sockel::rpc
