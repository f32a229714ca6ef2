#include <array>
#include <charconv>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/text.h"
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

// `port` is an int, or an optional one.
template <typename Port>
absl::Status SetListener(const std::string& value, std::string& ip, Port& port) {
  auto address = SplitHostPort(value);
  if (!address) return Wrong("write ADDRESS:PORT or [IPV6]:PORT, the port from 0 to 65535");
  ip = std::move(address->first);
  port = address->second;
  return absl::OkStatus();
}

// Empty: it does not listen.
absl::Status SetOptionalListener(const std::string& value, std::string& ip, std::optional<int>& port) {
  return value.empty() ? absl::OkStatus() : SetListener(value, ip, port);
}

absl::Status ToDuration(const std::string& value, absl::Duration& duration) {
  if (!absl::ParseDuration(value, &duration) || duration < absl::ZeroDuration()) {
    return Wrong("write a duration such as 10s or 1h30m");
  }
  return absl::OkStatus();
}

// Of connections, which are looked at once a second.
absl::Status SetAge(const std::string& value, absl::Duration& age) {
  absl::Duration given;
  absl::Status status = ToDuration(value, given);
  if (!status.ok()) return status;
  if (given < absl::Seconds(1)) return Wrong("write a duration of a second or more");
  age = given;
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

// Assigns what `parsed` holds.
template <typename T, typename Field>
absl::Status Assign(const absl::StatusOr<T>& parsed, Field& field) {
  if (parsed.ok()) field = *parsed;
  return parsed.status();
}

absl::Status Set(const std::string& value, std::string& field) {
  field = value;
  return absl::OkStatus();
}

PostgresChoice& Postgres(ServeConfig& config) {
  if (!std::holds_alternative<PostgresChoice>(config.node.store)) config.node.store = PostgresChoice{};
  return std::get<PostgresChoice>(config.node.store);
}

// A file that is read at each connect. Now it is only seen that it can be.
absl::Status SetReadable(const std::string& path, ServeConfig& config,
                         std::string persistence::PgTarget::*file) {
  if (path.empty()) return absl::OkStatus();
  const auto readable = ReadSecret(path);
  if (readable.ok()) Postgres(config).target.*file = path;
  return readable.status();
}

// A value that must not stand in a file for everybody: read from a file of its own.
absl::Status SetTokenSecret(const std::string& path, ServeConfig& config) {
  if (path.empty()) return absl::OkStatus();
  return Assign(ReadSecret(path), config.node.token_secret);
}

absl::Status SetSqlite(const std::string& path, ServeConfig& config) {
  if (path.empty()) return absl::OkStatus();
  if (std::holds_alternative<PostgresChoice>(config.node.store))
    return Wrong("store.postgres is set too: choose one");
  config.node.store = SqliteChoice{.path = path, .survive_power_loss = true, .pragmas = {}};
  return absl::OkStatus();
}

absl::Status SetSearchAttributes(const std::string& value, ServeConfig& config) {
  auto attributes = ParseSearchAttributes(Items(value));
  if (!attributes.ok()) return attributes.status();
  config.node.search_attributes = *std::move(attributes);
  return absl::OkStatus();
}

// In this order they are set: a store's own keys come behind the key that chooses it.
constexpr auto kKeys = std::to_array<ConfigKey>({
    {"listen", "127.0.0.1:7233", "Address and port of the gRPC API. Port 0: a free one.",
     [](const std::string& value, ServeConfig& config) {
       return SetListener(value, config.node.ip, config.node.port);
     }},
    {"wire", "nghttp2", "What speaks HTTP/2 on that port: nghttp2, or grpc for gRPC's own library.",
     [](const std::string& value, ServeConfig& config) {
       if (value != "nghttp2" && value != "grpc") return Wrong("write nghttp2 or grpc");
       config.node.wire = value == "grpc" ? Wire::kGrpc : Wire::kNghttp2;
       return absl::OkStatus();
     }},
    {"connections.age", "1h",
     "After so long a client is told to make its connection anew; its calls in flight go on. It spreads "
     "clients over servers that came later.",
     [](const std::string& value, ServeConfig& config) {
       return SetAge(value, config.node.connection_times.age);
     }},
    {"connections.idle", "10m", "The same, after so long without calls.",
     [](const std::string& value, ServeConfig& config) {
       return SetAge(value, config.node.connection_times.idle);
     }},
    {"metrics.listen", "", "Address and port of /metrics. Port 0: a free one; empty: no metrics.",
     [](const std::string& value, ServeConfig& config) {
       return SetOptionalListener(value, config.node.metrics_ip, config.node.metrics_port);
     }},
    {"health.listen", "127.0.0.1:7243",
     "Address and port of /livez, /readyz and /healthz. Port 0: a free one; empty: no probes.",
     [](const std::string& value, ServeConfig& config) {
       return SetOptionalListener(value, config.node.health_ip, config.node.health_port);
     }},
    {"tls.certificate_file", "",
     "The server's certificate and its chain, in PEM form; seen when it changes. Empty: no TLS.",
     [](const std::string& value, ServeConfig& config) { return Set(value, config.node.tls.certificate); }},
    {"tls.key_file", "", "The certificate's private key, in PEM form.",
     [](const std::string& value, ServeConfig& config) { return Set(value, config.node.tls.key); }},
    {"tls.client_ca_file", "",
     "Who signs clients' certificates, in PEM form: a client without one is refused. Empty: none is needed.",
     [](const std::string& value, ServeConfig& config) { return Set(value, config.node.tls.client_ca); }},
    {"store.postgres", "",
     "PostgreSQL, as libpq takes it (postgresql://user@host/db). A password belongs into one of the files.",
     [](const std::string& value, ServeConfig& config) {
       if (!value.empty()) Postgres(config).target.connection = value;
       return absl::OkStatus();
     }},
    {"store.postgres_file", "", "A file that holds the connection string; read at each connect.",
     [](const std::string& value, ServeConfig& config) {
       return SetReadable(value, config, &persistence::PgTarget::connection_file);
     }},
    {"store.postgres_password_file", "", "A file that holds the password; read at each connect.",
     [](const std::string& value, ServeConfig& config) {
       return SetReadable(value, config, &persistence::PgTarget::password_file);
     }},
    {"store.pgbouncer", "false",
     "Whether the connection goes through PgBouncer below 1.21, or one whose max_prepared_statements is 0.",
     [](const std::string& value, ServeConfig& config) {
       const auto flag = ToBool(value);
       if (flag.ok() && *flag) Postgres(config).through_pgbouncer = true;
       return flag.status();
     }},
    {"store.read_connections", "2", "Connections to PostgreSQL for reads.",
     [](const std::string& value, ServeConfig& config) {
       const auto count = ToInt(value, 1, 100);
       auto* postgres = std::get_if<PostgresChoice>(&config.node.store);
       return postgres == nullptr ? count.status() : Assign(count, postgres->read_connections);
     }},
    {"store.list_connections", "2",
     "Connections to PostgreSQL for lists and counts. One namespace is given half of them, and at least one.",
     [](const std::string& value, ServeConfig& config) {
       const auto count = ToInt(value, 1, 100);
       auto* postgres = std::get_if<PostgresChoice>(&config.node.store);
       return postgres == nullptr ? count.status() : Assign(count, postgres->list_connections);
     }},
    {"store.sqlite", "", "A file: the store of one server that needs no database beside it.", SetSqlite},
    {"store.memory", "false", "Keeps everything in memory and loses it at the end. For tests.",
     [](const std::string& value, ServeConfig& config) {
       const auto flag = ToBool(value);
       if (flag.ok() && *flag && !std::holds_alternative<MemoryChoice>(config.node.store)) {
         return Wrong("another store is set too: choose one");
       }
       return Assign(flag, config.memory_store);
     }},
    {"cluster.name", "active", "The cluster's name, as clients see it.",
     [](const std::string& value, ServeConfig& config) {
       return value.empty() ? Wrong("write a name") : Set(value, config.node.cluster_name);
     }},
    {"node.name", "",
     "This server's own name (a StatefulSet's pod name): a process that follows one of the same name takes "
     "over at once. Of two that run at the same time the older exits with code 3. Empty: a new name for each "
     "process.",
     [](const std::string& value, ServeConfig& config) { return Set(value, config.node.name); }},
    {"namespaces", "", "Namespaces to create at the start if they are missing.",
     [](const std::string& value, ServeConfig& config) {
       config.node.namespaces = Items(value);
       return absl::OkStatus();
     }},
    {"search_attributes", "", "Custom search attributes, NAME=TYPE.", SetSearchAttributes},
    {"tokens.secret_file", "",
     "A file whose content goes into the key that task tokens are signed with. Same on all nodes.",
     SetTokenSecret},
    {"history.executors", "0", "Threads that run workflows. 0: one for two cores; one for SQLite.",
     [](const std::string& value, ServeConfig& config) {
       return Assign(ToInt(value, 0, 1024), config.node.history_executors);
     }},
    {"internal.calls", "values",
     "How the parts of this process call each other. For tests: bytes, as they would between nodes.",
     [](const std::string& value, ServeConfig& config) {
       if (value != "values" && value != "bytes") return Wrong("write values or bytes");
       config.node.calls_as_bytes = value == "bytes";
       return absl::OkStatus();
     }},
    {"commands.cross_namespace", "false",
     "Whether workflows may start children in other namespaces, and signal and cancel workflows there.",
     [](const std::string& value, ServeConfig& config) {
       return Assign(ToBool(value), config.node.history.cross_namespace_commands);
     }},
    {"drain.grace", "10s", "How long calls in flight may take after SIGTERM.",
     [](const std::string& value, ServeConfig& config) { return ToDuration(value, config.grace); }},
    {"log.level", "info", "debug, info, warn, error or never.",
     [](const std::string& value, ServeConfig& config) { return Set(value, config.log_level); }},
    {"log.format", "text", "text or json.",
     [](const std::string& value, ServeConfig& config) { return Set(value, config.log_format); }},
});

}  // namespace

std::span<const ConfigKey> ConfigKeys() { return kKeys; }

}  // namespace perdure::server
