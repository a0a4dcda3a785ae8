#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

// Configuration of a process: one YAML file, overridden by environment
// variables (SOCKEL_DATABASE__POOL_SIZE), overridden by `--set database.pool_size=16`.
//
// A service declares its keys by reading them; what nobody read is unknown:
//
//   config::Reader reader = …;
//   auto listen = reader.String("listen", "127.0.0.1:7001", "Address of the gRPC server");
//   auto size = reader.Int("database.pool_size", 8, "Connections to the database", {1, 512});
//   auto key = reader.Secret("efile.master_key_file", "File with the 32-byte master key");
//   if (absl::Status status = reader.Finish(); !status.ok()) return status;
namespace sockel::config {

struct Sources {
  // The YAML file; empty for none.
  std::string file;
  // The process's environment, `NAME` → value (see Environment()).
  std::map<std::string, std::string> environment;
  // `a.b=value`, from the command line. The value is YAML: `[x, y]` is a list.
  std::vector<std::string> overrides;
};

// This process's variables that start with SOCKEL_.
std::map<std::string, std::string> Environment();

// Inclusive bounds.
struct IntRange {
  std::int64_t min = 0;
  std::int64_t max = INT64_MAX;
};

// Typed access. Copies share the same configuration. Not thread-safe: used
// while a process starts. A getter never fails: it notes what is wrong, returns
// the default, and Finish() reports everything together.
class Reader {
 public:
  // Errors: INVALID_ARGUMENT when the file cannot be read or is no YAML map, or
  // an override has no `=`.
  static absl::StatusOr<Reader> Load(const Sources& sources);
  // From YAML text; for tests.
  static absl::StatusOr<Reader> Parse(std::string_view yaml);

  // The part below `name`: Section("efile").String("content_root", …) reads
  // `efile.content_root`.
  Reader Section(std::string_view name) const;

  // Whether anything was given for this key or below it. Does not declare it.
  bool Has(std::string_view key) const;

  // The names given directly below `key`, for maps whose keys are free: with
  // `services.efile.target` given, Children("services") has `efile`.
  std::vector<std::string> Children(std::string_view key) const;

  std::string String(std::string_view key, std::string_view default_value,
                     std::string_view description);
  std::string RequiredString(std::string_view key, std::string_view description);
  std::vector<std::string> StringList(std::string_view key, std::vector<std::string> default_value,
                                      std::string_view description);
  std::int64_t Int(std::string_view key, std::int64_t default_value, std::string_view description,
                   IntRange range = {});
  bool Bool(std::string_view key, bool default_value, std::string_view description);
  // `250ms`, `10s`, `5m`, `24h`; a bare number is seconds.
  absl::Duration Duration(std::string_view key, absl::Duration default_value,
                          std::string_view description);
  // Content of the file that the key (`…_file`) names, without trailing line
  // ends; empty when the key is not given.
  std::string Secret(std::string_view key, std::string_view description);
  // The same, but its absence is an error.
  std::string RequiredSecret(std::string_view key, std::string_view description);

  // Notes that what was given for `key` must be `wanted`; for rules that no
  // getter knows. Says nothing about a default.
  void Refuse(std::string_view key, std::string_view wanted);

  // INVALID_ARGUMENT that lists every problem: unknown keys (with the file or
  // variable they stand in), wrong types, values out of range, missing ones.
  absl::Status Finish() const;

  // What is in effect, as YAML with descriptions. Holds the paths of secret
  // files, never their content. Complete once every key was read.
  std::string Print() const;

 private:
  struct State;
  Reader(std::shared_ptr<State> state, std::string prefix)
      : state_(std::move(state)), prefix_(std::move(prefix)) {}

  std::string Path(std::string_view key) const;

  std::shared_ptr<State> state_;
  std::string prefix_;
};

}  // namespace sockel::config
