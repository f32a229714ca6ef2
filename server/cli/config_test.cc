#include "server/cli/config.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "base/text.h"

namespace perdure::server {
namespace {

const char* NoVariable(const char*) { return nullptr; }

// A file that is gone at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    char name[] = "/tmp/perdure-config-XXXXXX";
    close(mkstemp(name));
    path_ = name;
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

absl::StatusOr<ServeConfig> FromFile(const std::string& content) {
  const TemporaryFile file(content);
  auto values = ReadConfigFile(file.path());
  if (!values.ok()) return values.status();
  return MakeConfig(*values, NoVariable, {});
}

std::string Error(const std::string& content) {
  const auto config = FromFile(content);
  return config.ok() ? "none" : std::string(config.status().message());
}

}  // namespace

TEST_CASE("a file's keys are read, nested or dotted") {
  const auto config = FromFile(
      "listen: 127.0.0.1:7300\n"
      "store:\n  postgres: \"postgresql://u@h/d\"\n  pgbouncer: true\n"
      "drain.grace: 3s\nnamespaces: [a, b]\nsearch_attributes:\n  Colour: Keyword\n");
  REQUIRE(config.ok());
  CHECK(config->node.ip == "127.0.0.1");
  CHECK(config->node.port == 7300);
  const auto& postgres = std::get<PostgresChoice>(config->node.store);
  CHECK(postgres.target.connection == "postgresql://u@h/d");
  CHECK(postgres.through_pgbouncer);
  CHECK(config->grace == absl::Seconds(3));
  CHECK(config->node.namespaces == std::vector<std::string>{"a", "b"});
  CHECK(config->node.search_attributes.contains("Colour"));
}

TEST_CASE("an unknown key is named, with its line") {
  CHECK(absl::StrContains(Error("listen: 127.0.0.1:1\nstore:\n  postgers: x\n"),
                          "\"store.postgers\" in line 3"));
  CHECK(absl::StrContains(Error("stor: x\n"), "\"stor\""));
}

TEST_CASE("flags are stronger than the environment, and that than the file") {
  const auto variable = [](const char* name) -> const char* {
    return std::string_view(name) == "PERDURE_LISTEN" ? "127.0.0.1:2" : nullptr;
  };
  CHECK(MakeConfig({{"listen", "127.0.0.1:1"}}, NoVariable, {})->node.port == 1);
  CHECK(MakeConfig({{"listen", "127.0.0.1:1"}}, variable, {})->node.port == 2);
  CHECK(MakeConfig({{"listen", "127.0.0.1:1"}}, variable, {{"listen", "[::1]:3"}})->node.port == 3);
  CHECK(MakeConfig({}, NoVariable, {{"listen", "[::1]:3"}})->node.ip == "::1");
}

TEST_CASE("the listeners of metrics and probes have addresses of their own, and empty ones do not listen") {
  const auto usual = FromFile("listen: 127.0.0.1:1\n");
  REQUIRE(usual.ok());
  CHECK_FALSE(usual->node.metrics_port);
  CHECK(HostPort(usual->node.health_ip, usual->node.health_port.value_or(0)) == "127.0.0.1:7243");
  const auto given = FromFile("metrics.listen: 0.0.0.0:9090\nhealth:\n  listen: \"[::]:0\"\n");
  REQUIRE(given.ok());
  CHECK(HostPort(given->node.metrics_ip, given->node.metrics_port.value_or(0)) == "0.0.0.0:9090");
  CHECK(given->node.health_ip == "::");
  CHECK(given->node.health_port == 0);
  CHECK_FALSE(FromFile("health.listen: \"\"\n")->node.health_port);
}

TEST_CASE("commands into other namespaces are refused unless they are allowed") {
  CHECK_FALSE(FromFile("listen: 127.0.0.1:1\n")->node.history.cross_namespace_commands);
  CHECK(FromFile("commands.cross_namespace: true\n")->node.history.cross_namespace_commands);
  CHECK(
      absl::StrContains(Error("commands.cross_namespace: maybe\n"), "commands.cross_namespace: write true"));
}

TEST_CASE("our own wire is the usual one, and gRPC's can be chosen") {
  const auto usual = FromFile("listen: 127.0.0.1:1\n");
  CHECK(usual->node.wire == Wire::kNghttp2);
  CHECK(usual->node.connection_times.age == limits::kWireAge);
  CHECK(usual->node.connection_times.idle == limits::kWireIdle);
  const auto given = FromFile("wire: grpc\nconnections: {age: 5m, idle: 1s}\n");
  CHECK(given->node.wire == Wire::kGrpc);
  CHECK(given->node.connection_times.age == absl::Minutes(5));
  CHECK(given->node.connection_times.idle == absl::Seconds(1));
  CHECK(absl::StrContains(Error("wire: http3\n"), "wire: write nghttp2 or grpc"));
  CHECK(absl::StrContains(Error("connections.age: 0s\n"), "connections.age: write a duration of a second"));
}

TEST_CASE("wrong values are named by where they came from") {
  CHECK(absl::StrContains(Error("listen: nowhere\n"), "listen: write ADDRESS:PORT"));
  CHECK(absl::StrContains(Error("health.listen: 7243\n"), "health.listen: write ADDRESS:PORT"));
  CHECK(absl::StrContains(Error("drain.grace: soon\n"), "drain.grace: write a duration"));
  CHECK(absl::StrContains(Error("store.pgbouncer: maybe\n"), "store.pgbouncer: write true or false"));
  CHECK(absl::StrContains(Error("store: {postgres: a, sqlite: b}\n"), "choose one"));
  CHECK(absl::StrContains(Error("search_attributes: {Colour: Blue}\n"), "NAME=TYPE"));
  CHECK(absl::StrContains(Error("store.postgres_file: /nowhere/at/all\n"), "cannot read /nowhere/at/all"));
  CHECK(absl::StrContains(Error("listen: [\n"), "line"));
  const auto flag = MakeConfig({}, NoVariable, {{"listen", "x"}});
  CHECK(absl::StrContains(flag.status().message(), "--listen"));
}

TEST_CASE("a secret is read from its file, without the line's end") {
  const TemporaryFile secret("postgresql://u:p@h/d\n");
  const auto config = MakeConfig({{"store.postgres_file", secret.path()}}, NoVariable, {});
  REQUIRE(config.ok());
  const auto login = persistence::ReadLogin(std::get<PostgresChoice>(config->node.store).target);
  REQUIRE(login.ok());
  CHECK(login->connection == "postgresql://u:p@h/d");
  CHECK(login->password.empty());
}

TEST_CASE("a password in a file of its own is read beside the connection string") {
  const TemporaryFile secret("pass word \n");
  const auto config = MakeConfig(
      {{"store.postgres", "host=h"}, {"store.postgres_password_file", secret.path()}}, NoVariable, {});
  REQUIRE(config.ok());
  const auto login = persistence::ReadLogin(std::get<PostgresChoice>(config->node.store).target);
  REQUIRE(login.ok());
  CHECK(login->connection == "host=h");
  CHECK(login->password == "pass word");
  CHECK(absl::StrContains(Error("store.postgres: host=h\nstore.postgres_password_file: /nowhere\n"),
                          "cannot read /nowhere"));
}

TEST_CASE("every key is documented, and the documentation is a file that can be read") {
  const std::string text = ConfigDocumentation();
  for (const ConfigKey& key : ConfigKeys()) {
    CHECK_FALSE(key.help.empty());
    CHECK(absl::StrContains(text, EnvironmentName(key.name)));
  }
  CHECK(FromFile(text).ok());
}

}  // namespace perdure::server
