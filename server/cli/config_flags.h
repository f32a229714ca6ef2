// --config and a flag for each key, as `serve` and `migrate` take them.
#pragma once

#include <memory>
#include <string>

#include "server/cli/config.h"

namespace CLI {
class App;
}

namespace perdure::server {

struct ConfigFlags {
  std::string file;
  ConfigValues values;
};

// Adds the flags; they are filled when the command is parsed.
std::shared_ptr<ConfigFlags> AddConfigFlags(CLI::App& command);

// File, environment and flags together.
absl::StatusOr<ServeConfig> LoadConfig(const ConfigFlags& flags);

// Prints the one line of an error that ends the program; returns its exit code.
int Fail(const absl::Status& status);

}  // namespace perdure::server
