#pragma once

#include <google/protobuf/map.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sockel::cli {

// `name=value` each. INVALID_ARGUMENT names one that is not.
inline absl::Status FillParameters(const std::vector<std::string>& given,
                                   google::protobuf::Map<std::string, std::string>& parameters) {
  for (const std::string& text : given) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("a parameter looks like name=value, not \"", text, "\""));
    }
    parameters[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return absl::OkStatus();
}

}  // namespace sockel::cli
