#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "common/client/channel_factory.h"

namespace sockel::client {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using nlohmann::json;

constexpr std::array<std::string_view, 8> kReads = {"Get",    "List",    "BatchGet", "Check",
                                                    "WhoAmI", "Preview", "Download", "Search"};

bool IsRead(std::string_view method) {
  for (std::string_view verb : kReads) {
    if (method.substr(0, verb.size()) == verb) return true;
  }
  return false;
}

}  // namespace

bool IsSafeToRetry(const MethodDescriptor& method) {
  if (method.client_streaming()) return false;
  if (IsRead(method.name())) return true;
  const FieldDescriptor* field = method.input_type()->FindFieldByName("request_id");
  return field != nullptr && field->type() == FieldDescriptor::TYPE_STRING;
}

std::string ServiceConfig(const std::vector<const ServiceDescriptor*>& services, bool balanced) {
  json names = json::array();
  for (const ServiceDescriptor* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      if (!IsSafeToRetry(method)) continue;
      names.push_back({{"service", service->full_name()}, {"method", method.name()}});
    }
  }
  // Without throttling, everybody's retries would keep an overloaded server
  // down (gRFC A6).
  json config = {{"retryThrottling", {{"maxTokens", 100}, {"tokenRatio", 0.1}}}};
  if (!names.empty()) {
    config["methodConfig"] = {
        {{"name", names},
         {"retryPolicy",
          {{"maxAttempts", 5},
           {"initialBackoff", "0.1s"},
           {"maxBackoff", "2s"},
           {"backoffMultiplier", 2},
           {"retryableStatusCodes", {"UNAVAILABLE", "RESOURCE_EXHAUSTED"}}}}}};
  }
  if (balanced) {
    config["loadBalancingConfig"] = json::array({{{"round_robin", json::object()}}});
    config["healthCheckConfig"] = {{"serviceName", ""}};
  }
  return config.dump();
}

}  // namespace sockel::client
