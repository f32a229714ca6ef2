#include "server/cli/config_flags.h"

#include <cstdlib>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace perdure::server {

std::shared_ptr<ConfigFlags> AddConfigFlags(CLI::App& command) {
  auto flags = std::make_shared<ConfigFlags>();
  command.add_option("--config", flags->file, "YAML file; `perdure config` lists its keys");
  for (const ConfigKey& key : ConfigKeys()) {
    const std::string name(key.name);
    command.add_option_function<std::string>(
        "--" + name, [flags, name](const std::string& value) { flags->values[name] = value; },
        std::string(key.help));
  }
  return flags;
}

absl::StatusOr<ServeConfig> LoadConfig(const ConfigFlags& flags) {
  ConfigValues file;
  if (!flags.file.empty()) {
    auto read = ReadConfigFile(flags.file);
    if (!read.ok()) return read.status();
    file = *std::move(read);
  }
  return MakeConfig(
      file, [](const char* name) { return std::getenv(name); }, flags.values);
}

int Fail(const absl::Status& status) {
  fmt::print(stderr, "perdure: {}\n", std::string(status.message()));
  return 1;
}

}  // namespace perdure::server
