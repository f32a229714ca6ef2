#include "server/cli/serve.h"

#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/log_fields.h"
#include "server/cli/config_flags.h"
#include "server/cli/logging.h"
#include "server/cli/run_node.h"
#include "server/cli/version.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

int Serve(const ConfigFlags& flags) {
  auto config = LoadConfig(flags);
  if (!config.ok()) return Fail(config.status());
  const absl::Status log = SetUpLog(config->log_level, config->log_format);
  if (!log.ok()) return Fail(log);
  if (std::holds_alternative<MemoryChoice>(config->node.store) && !config->memory_store) {
    return Fail(absl::InvalidArgumentError("no store: set store.postgres, store.sqlite or store.memory"));
  }
  spdlog::info("{}", VersionLine());
  return RunNode(std::move(config->node), config->grace, [](const Node& node) {
    const auto port = [](std::optional<int> number) { return number ? std::to_string(*number) : ""; };
    spdlog::info("{}", WithFields("serving", {{"port", port(node.port())},
                                              {"metrics_port", port(node.metrics_port())},
                                              {"health_port", port(node.health_port())}}));
  });
}

}  // namespace

void AddServe(CLI::App& app, int& exit_code) {
  CLI::App& command = *app.add_subcommand("serve", "Run a server for production");
  auto flags = AddConfigFlags(command);
  command.callback([flags, &exit_code] { exit_code = Serve(*flags); });
}

void AddConfig(CLI::App& app) {
  app.add_subcommand("config", "Explain every key of the configuration")->callback([] {
    fmt::print("{}", ConfigDocumentation());
  });
}

}  // namespace perdure::server
