// The configuration of `perdure serve`: keys in a YAML file, in environment variables (PERDURE_STORE_POSTGRES
// for store.postgres) and in flags (--store.postgres), each stronger than the one before. Every key stands in
// one table, from which `perdure config` prints its meaning. A key that is not in the table is an error that
// names it. Pure functions, but for the files that they read.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/cli/node.h"

namespace perdure::server {

struct ServeConfig {
  NodeOptions node;
  bool memory_store = false;  // asked for, and not just no other chosen
  absl::Duration grace;
  std::string log_level;
  std::string log_format;
};

struct ConfigKey {
  std::string_view name;           // dotted
  std::string_view default_value;  // as it would be written
  std::string_view help;
  // Reads the value; the error says what is wrong with it.
  absl::Status (*set)(const std::string& value, ServeConfig& config);
};

std::span<const ConfigKey> ConfigKeys();
std::string EnvironmentName(std::string_view key);

// Values by key. A list is written with commas between.
using ConfigValues = std::map<std::string, std::string>;

// Lists are joined with commas, maps below a key are NAME=VALUE. INVALID_ARGUMENT, naming file and line or
// key.
absl::StatusOr<ConfigValues> ReadConfigFile(const std::string& path);

// Defaults, then `file`, then the environment, then `flags`. `variable` reads an environment variable, null
// if unset.
absl::StatusOr<ServeConfig> MakeConfig(const ConfigValues& file,
                                       const std::function<const char*(const char*)>& variable,
                                       const ConfigValues& flags);

// The table, as a YAML file with comments.
std::string ConfigDocumentation();

}  // namespace perdure::server
