#pragma once

#include <google/protobuf/message.h>
#include <yaml-cpp/yaml.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/type/date.pb.h"

namespace sockel::cli {

// Where a secret comes from; at most one of them is set, else the terminal is
// asked. Never from an argument: everybody on the machine can read those.
struct SecretSource {
  std::string file;    // first line of this file
  bool stdin = false;  // next line of standard input
  // Of the options that say so: `--password-file`, `--password-stdin`.
  std::string option = "password";
};

// FAILED_PRECONDITION when there is no terminal to ask, INVALID_ARGUMENT when
// standard input has no line left.
absl::StatusOr<std::string> ReadSecret(const SecretSource& source, const std::string& prompt);

// A YAML (or JSON) file; `-` = standard input. INVALID_ARGUMENT says where it
// is wrong; also of a text that is endless, or all but, for its aliases.
absl::StatusOr<YAML::Node> ReadYaml(const std::string& path);

// Fills the message from a tree with the names of the .proto files. Unquoted
// numbers and booleans stay such. INVALID_ARGUMENT names what does not fit.
absl::Status Fill(const YAML::Node& node, google::protobuf::Message& message);

// `2026-01-31`.
absl::StatusOr<google::type::Date> ParseDate(const std::string& text);

}  // namespace sockel::cli
