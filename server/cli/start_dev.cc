#include "server/cli/start_dev.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "server/cli/dynamic_config.h"
#include "server/cli/logging.h"
#include "server/cli/run_node.h"
#include "server/cli/search_attribute_flags.h"
#include "server/cli/version.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

constexpr absl::Duration kGrace = absl::Seconds(5);

struct Flags {
  std::string ip = "localhost";
  int port = 7233;
  std::optional<int> metrics_port;
  std::optional<int> health_port;
  std::vector<std::string> namespaces;
  std::string db_filename;
  std::vector<std::string> search_attributes;
  std::vector<std::string> pragmas;
  std::string log_level = "warn";
  std::string log_format = "text";
  std::string wire = "nghttp2";
  bool log_config = false;
  bool headless = false;

  // Taken for the clients that pass them; they do nothing yet.
  std::optional<int> http_port;
  std::optional<int> ui_port;
  std::string ui_ip, ui_asset_path, ui_codec_endpoint, ui_public_path;
  bool ui_disable_news_fetch = false;
  std::vector<std::string> dynamic_config;
};

// "KEY=VALUE" in two; nullopt without "=" or key.
std::optional<std::pair<std::string, std::string>> SplitPair(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

absl::StatusOr<StoreChoice> ChooseStore(const Flags& flags) {
  if (flags.db_filename.empty()) return MemoryChoice{};
  SqliteChoice sqlite{.path = flags.db_filename, .survive_power_loss = true, .pragmas = {}};
  for (const std::string& pragma : flags.pragmas) {
    auto pair = SplitPair(pragma);
    if (!pair) {
      return absl::InvalidArgumentError(fmt::format("--sqlite-pragma \"{}\": write PRAGMA=VALUE", pragma));
    }
    sqlite.pragmas.push_back(*std::move(pair));
  }
  return sqlite;
}

// One line for everything that was asked for and has no effect yet.
void SayWhatHasNoEffect(const Flags& flags, const std::vector<std::string>& dynamic_config) {
  std::vector<std::string> names;
  if (!flags.headless) names.emplace_back("the Web UI (--headless switches this line off)");
  if (flags.http_port) names.emplace_back("--http-port");
  if (flags.ui_port || !flags.ui_ip.empty() || !flags.ui_asset_path.empty() ||
      !flags.ui_codec_endpoint.empty() || !flags.ui_public_path.empty() || flags.ui_disable_news_fetch) {
    names.emplace_back("--ui-*");
  }
  if (!dynamic_config.empty()) {
    names.push_back(fmt::format("--dynamic-config-value {}", fmt::join(dynamic_config, ", ")));
  }
  if (!names.empty()) spdlog::warn("accepted, without effect yet: {}", fmt::join(names, ", "));
}

void SayWhereItListens(const Flags& flags, const Node& node) {
  const std::string host = flags.ip == "127.0.0.1" ? "localhost" : flags.ip;
  fmt::print("{}\n\n", VersionLine());
  fmt::print("{:<21}  {}:{}\n", "Perdure Server:", host, node.port());
  fmt::print("{:<21}  {}\n",
             "Perdure Persistence:", flags.db_filename.empty() ? "in-memory" : flags.db_filename);
  fmt::print("{:<21}  http://{}:{}/metrics\n", "Perdure Metrics:", host, node.metrics_port().value_or(0));
  std::fflush(stdout);
}

// What of the dynamic configuration has no effect is added to `without_effect`.
absl::StatusOr<NodeOptions> ToOptions(const Flags& flags, std::vector<std::string>& without_effect) {
  NodeOptions options;
  // The listener of calls resolves names of hosts; those of metrics and probes want an address.
  options.ip = flags.ip;
  options.port = flags.port;
  options.metrics_ip = flags.ip == "localhost" ? "127.0.0.1" : flags.ip;
  options.metrics_port = flags.metrics_port.value_or(0);
  options.health_ip = options.metrics_ip;
  options.health_port = flags.health_port;
  options.wire = flags.wire == "grpc" ? Wire::kGrpc : Wire::kNghttp2;
  options.namespaces = flags.namespaces;
  options.namespaces.emplace_back("default");
  auto attributes = ParseSearchAttributes(flags.search_attributes);
  if (!attributes.ok()) return attributes.status();
  options.search_attributes = *std::move(attributes);
  auto store = ChooseStore(flags);
  if (!store.ok()) return store.status();
  options.store = *std::move(store);
  absl::Status set = SetDynamicConfig(flags.dynamic_config, options, without_effect);
  if (!set.ok()) return set;
  return options;
}

int Run(const Flags& flags) {
  absl::Status valid = SetUpLog(flags.log_level, flags.log_format);
  std::vector<std::string> without_effect;
  auto options = ToOptions(flags, without_effect);
  valid.Update(options.status());
  if (!valid.ok()) {
    fmt::print(stderr, "perdure: {}\n", std::string(valid.message()));
    return 1;
  }
  SayWhatHasNoEffect(flags, without_effect);
  return RunNode(*std::move(options), kGrace, [&](const Node& node) { SayWhereItListens(flags, node); });
}

void AddUnusedFlags(CLI::App& command, Flags& flags) {
  command.add_option("--http-port", flags.http_port, "Port of the HTTP API (no effect yet)");
  command.add_option("--ui-port", flags.ui_port, "Port of the Web UI (no effect yet)");
  command.add_option("--ui-ip", flags.ui_ip, "Address of the Web UI (no effect yet)");
  command.add_option("--ui-asset-path", flags.ui_asset_path, "Assets of the Web UI (no effect yet)");
  command.add_option("--ui-codec-endpoint", flags.ui_codec_endpoint, "Codec of the Web UI (no effect yet)");
  command.add_option("--ui-public-path", flags.ui_public_path, "Path of the Web UI (no effect yet)");
  command.add_flag("--ui-disable-news-fetch", flags.ui_disable_news_fetch,
                   "News of the Web UI (no effect yet)");
  command
      .add_option("--dynamic-config-value", flags.dynamic_config,
                  "KEY=VALUE of Temporal's dynamic configuration, the value as JSON; what has no effect "
                  "here is named at the start")
      ->take_all()
      ->allow_extra_args(false);
}

}  // namespace

void AddStartDev(CLI::App& server, int& exit_code) {
  auto flags = std::make_shared<Flags>();
  CLI::App& command = *server.add_subcommand("start-dev", "Run a server for development");
  command.add_option("--ip", flags->ip, "Address to listen on")->capture_default_str();
  command.add_option("-p,--port", flags->port, "Port of the gRPC API")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  command.add_option("--metrics-port", flags->metrics_port, "Port of /metrics; a free one by default")
      ->check(CLI::Range(0, 65535));
  command.add_option("--health-port", flags->health_port, "Port of /livez and /readyz; none by default")
      ->check(CLI::Range(0, 65535));
  command.add_option("-n,--namespace", flags->namespaces, "Namespaces to create besides \"default\"")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("-f,--db-filename", flags->db_filename,
                     "File that keeps everything; without it all is lost when the server ends");
  command
      .add_option("--search-attribute", flags->search_attributes, "NAME=TYPE of a custom search attribute")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--sqlite-pragma", flags->pragmas, "PRAGMA=VALUE for the file")
      ->take_all()
      ->allow_extra_args(false);
  command.add_flag("--headless", flags->headless, "Without the Web UI");
  command.add_flag("--log-config", flags->log_config, "Accepted; this server's configuration is its flags");
  command.add_option("--log-level", flags->log_level, "debug, info, warn, error or never")
      ->capture_default_str();
  command.add_option("--log-format", flags->log_format, "text, json or pretty")->capture_default_str();
  command
      .add_option("--wire", flags->wire,
                  "What speaks HTTP/2: nghttp2, or grpc for gRPC's own library; also as PERDURE_WIRE")
      ->envname("PERDURE_WIRE")
      ->check(CLI::IsMember({"nghttp2", "grpc"}))
      ->capture_default_str();
  AddUnusedFlags(command, *flags);
  command.callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace perdure::server
