#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/map.h>

#include "absl/status/status.h"
#include "sockel/notification/v1/template.pb.h"

namespace sockel::notification {

using ParameterValues = google::protobuf::Map<std::string, std::string>;

// Whether `values` are exactly what the version declares. INVALID_ARGUMENT with
// a field violation for every missing, surplus or ill-typed value; `field` is
// the request field the values came in, e.g. `message.parameters`.
absl::Status CheckParameters(const v1::TemplateVersion& version, const ParameterValues& values,
                             std::string_view field);

// The value as the locale shows it: days as 31.05.2024 (de) or 31 May 2024
// (en), everything else as given. `value` passed CheckParameters().
std::string ShowParameter(v1::TemplateParameter::Type type, const std::string& value,
                          std::string_view locale);

}  // namespace sockel::notification
