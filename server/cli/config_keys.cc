#include <array>
#include <charconv>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "server/cli/config.h"
#include "server/cli/search_attribute_flags.h"

namespace perdure::server {
namespace {

absl::Status Wrong(std::string_view what) { return absl::InvalidArgumentError({what.data(), what.size()}); }

std::vector<std::string> Items(const std::string& list) {
  return absl::StrSplit(list, absl::ByAnyChar(", "), absl::SkipEmpty());
}

absl::StatusOr<bool> ToBool(const std::string& value) {
  bool flag = false;
  if (!absl::SimpleAtob(value, &flag)) return Wrong("write true or false");
  return flag;
}

absl::StatusOr<int> ToInt(const std::string& value, int min, int max) {
  int number = 0;
  if (!absl::SimpleAtoi(value, &number) || number < min || number > max) {
    return Wrong(fmt::format("write a number from {} to {}", min, max));
  }
  return number;
}

// "HOST:PORT" or "[IPV6]:PORT".
absl::Status ToAddress(const std::string& value, std::string& ip, int& port) {
  const size_t colon = value.rfind(':');
  if (colon == std::string::npos || colon == 0) return Wrong("write ADDRESS:PORT");
  const auto number = ToInt(value.substr(colon + 1), 0, 65535);
  if (!number.ok()) return Wrong("write ADDRESS:PORT, the port from 0 to 65535");
  std::string host = value.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  ip = host;
  port = *number;
  return absl::OkStatus();
}

absl::Status ToDuration(const std::string& value, absl::Duration& duration) {
  if (!absl::ParseDuration(value, &duration) || duration < absl::ZeroDuration()) {
    return Wrong("write a duration such as 10s or 1h30m");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadSecret(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) return Wrong(fmt::format("cannot read {}: give it a readable file", path));
  std::string secret = content.str();
  absl::StripTrailingAsciiWhitespace(&secret);
  return secret;
}

// A value that must not stand in a file for everybody: read from a file of its own.
absl::Status FromFile(const std::string& path, ServeConfig& config,
                      absl::Status (*set)(const std::string&, ServeConfig&)) {
  if (path.empty()) return absl::OkStatus();
  const auto secret = ReadSecret(path);
  if (!secret.ok()) return secret.status();
  return set(*secret, config);
}

PostgresChoice& Postgres(ServeConfig& config) {
  if (!std::holds_alternative<PostgresChoice>(config.node.store)) config.node.store = PostgresChoice{};
  return std::get<PostgresChoice>(config.node.store);
}

absl::Status SetPostgres(const std::string& value, ServeConfig& config) {
  if (!value.empty()) Postgres(config).connection = value;
  return absl::OkStatus();
}

absl::Status SetTokenSecret(const std::string& value, ServeConfig& config) {
  config.node.token_secret = value;
  return absl::OkStatus();
}

absl::Status SetMetrics(const std::string& value, ServeConfig& config) {
  if (value.empty()) return absl::OkStatus();
  int port = 0;
  const absl::Status status = ToAddress(value, config.node.metrics_ip, port);
  if (status.ok()) config.node.metrics_port = port;
  return status;
}

absl::Status SetSearchAttributes(const std::string& value, ServeConfig& config) {
  auto attributes = ParseSearchAttributes(Items(value));
  if (!attributes.ok()) return attributes.status();
  config.node.search_attributes = *std::move(attributes);
  return absl::OkStatus();
}

// Assigns what `parsed` holds.
template <typename T, typename Field>
absl::Status Assign(const absl::StatusOr<T>& parsed, Field& field) {
  if (parsed.ok()) field = *parsed;
  return parsed.status();
}

// In this order they are set: a store's own keys come behind the key that chooses it.
constexpr auto
    kKeys =
        std::
            to_array<ConfigKey>(
                {
                    {"listen", "127.0.0.1:7233", "Address and port of the gRPC API.",
                     [](const std::string& value, ServeConfig& config) {
                       return ToAddress(value, config.node.ip, config.node.port);
                     }},
                    {"metrics.listen", "", "Address and port of /metrics. Empty: no metrics.", SetMetrics},
                    {"health.ip", "127.0.0.1", "Address of the probes' port.",
                     [](const std::string& value, ServeConfig& config) {
                       if (value.empty()) return Wrong("write an address such as 0.0.0.0");
                       config.node.health_ip = value;
                       return absl::OkStatus();
                     }},
                    {"health.port", "7243",
                     "Port of /livez, /readyz and /healthz, for probes over HTTP. 0: a free one; empty: "
                     "none.",
                     [](const std::string& value, ServeConfig& config) {
                       if (value.empty()) return absl::OkStatus();
                       const auto port = ToInt(value, 0, 65535);
                       if (port.ok()) config.node.health_port = *port;
                       return port.status();
                     }},
                    {"tls.certificate_file", "",
                     "The server's certificate and its chain, in PEM form. Read again when it changes. "
                     "Empty: no TLS.",
                     [](const std::string& value, ServeConfig& config) {
                       config.node.tls.certificate = value;
                       return absl::OkStatus();
                     }},
                    {"tls.key_file", "", "The certificate's private key, in PEM form.",
                     [](const std::string& value, ServeConfig& config) {
                       config.node.tls.key = value;
                       return absl::OkStatus();
                     }},
                    {"tls.client_ca_file", "",
                     "Who signs clients' certificates, in PEM form: without such a certificate clients are "
                     "refused. Empty: "
                     "clients need none.",
                     [](const std::string& value, ServeConfig& config) {
                       config.node.tls.client_ca = value;
                       return absl::OkStatus();
                     }},
                    {"store.postgres", "",
                     "PostgreSQL, as libpq takes it (postgresql://user@host/db). Passwords belong into "
                     "store.postgres_file "
                     "or PGPASSFILE.",
                     SetPostgres},
                    {"store.postgres_file", "", "A file that holds the connection string.",
                     [](const std::string& value, ServeConfig& config) {
                       return FromFile(value, config, SetPostgres);
                     }},
                    {"store.pgbouncer", "false", "Whether the connection goes through PgBouncer below 1.21.",
                     [](const std::string& value, ServeConfig& config) {
                       const auto flag = ToBool(value);
                       if (flag.ok() && *flag) Postgres(config).through_pgbouncer = true;
                       return flag.status();
                     }},
                    {"store.read_connections", "2", "Connections to PostgreSQL for reads.",
                     [](const std::string& value, ServeConfig& config) {
                       const auto count = ToInt(value, 1, 100);
                       if (auto* postgres = std::get_if<PostgresChoice>(&config.node.store))
                         return Assign(count, postgres->read_connections);
                       return count.status();
                     }},
                    {"store.sqlite", "", "A file: the store of one server that needs no database beside it.",
                     [](const std::string& value, ServeConfig& config) {
                       if (value.empty()) return absl::OkStatus();
                       if (std::holds_alternative<PostgresChoice>(config.node.store))
                         return Wrong("store.postgres is set too: choose one");
                       config.node.store =
                           SqliteChoice{.path = value, .survive_power_loss = true, .pragmas = {}};
                       return absl::OkStatus();
                     }},
                    {"store.memory", "false",
                     "Keeps everything in memory and loses it at the end. For tests.",
                     [](const std::string& value, ServeConfig& config) {
                       const auto flag = ToBool(value);
                       if (flag.ok() && *flag && !std::holds_alternative<MemoryChoice>(config.node.store)) {
                         return Wrong("another store is set too: choose one");
                       }
                       return Assign(flag, config.memory_store);
                     }},
                    {"cluster.name", "active", "The cluster's name, as clients see it.",
                     [](const std::string& value, ServeConfig& config) {
                       if (value.empty()) return Wrong("write a name");
                       config.node.cluster_name = value;
                       return absl::OkStatus();
                     }},
                    {"node.name", "",
                     "This server's own name (a StatefulSet's pod name): a process that follows one of the "
                     "same name takes "
                     "over at once. "
                     "Two that run at the same time must never share one. Empty: a new name for each "
                     "process.",
                     [](const std::string& value, ServeConfig& config) {
                       config.node.name = value;
                       return absl::OkStatus();
                     }},
                    {"namespaces", "", "Namespaces to create at the start if they are missing.",
                     [](const std::string& value, ServeConfig& config) {
                       config.node.namespaces = Items(value);
                       return absl::OkStatus();
                     }},
                    {"search_attributes", "", "Custom search attributes, NAME=TYPE.", SetSearchAttributes},
                    {"tokens.secret_file", "",
                     "A file whose content goes into the key that task tokens are signed with. Same on all "
                     "nodes.",
                     [](const std::string& value, ServeConfig& config) {
                       return FromFile(value, config, SetTokenSecret);
                     }},
                    {"history.executors", "0",
                     "Threads that run workflows. 0: one for two cores; one for SQLite.",
                     [](const std::string& value, ServeConfig& config) {
                       return Assign(ToInt(value, 0, 1024), config.node.history_executors);
                     }},
                    {"drain.grace", "10s", "How long calls in flight may take after SIGTERM.",
                     [](const std::string& value, ServeConfig& config) {
                       return ToDuration(value, config.grace);
                     }},
                    {"log.level", "info", "debug, info, warn, error or never.",
                     [](const std::string& value, ServeConfig& config) {
                       config.log_level = value;
                       return absl::OkStatus();
                     }},
                    {"log.format", "text", "text or json.",
                     [](const std::string& value, ServeConfig& config) {
                       config.log_format = value;
                       return absl::OkStatus();
                     }},
                });

}  // namespace

std::span<const ConfigKey> ConfigKeys() { return kKeys; }

}  // namespace perdure::server
