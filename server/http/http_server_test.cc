#include "server/http/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "base/limits.h"
#include "server/http/metrics_http.h"

namespace perdure::server {
namespace {

class Client {
 public:
  explicit Client(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Send(std::string_view text) const {
    CHECK(send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }
  // All that comes until the server closes the connection.
  std::string Receive() const {
    std::string all;
    std::array<char, 1024> chunk{};
    for (ssize_t count = 1; count > 0;) {
      count = recv(fd_, chunk.data(), chunk.size(), 0);
      if (count > 0) all.append(chunk.data(), static_cast<size_t>(count));
    }
    return all;
  }

 private:
  int fd_;
};

std::unique_ptr<HttpServer> Echo() {
  auto made = HttpServer::Listen("http-test", "127.0.0.1", 0, nullptr, [](const HttpRequest& request) {
    return HttpAnswer{.status = request.path == "/none" ? 404 : 200, .body = request.method + request.path};
  });
  REQUIRE(made.ok());
  return *std::move(made);
}

}  // namespace

TEST_CASE("a request is answered, and its connection closed") {
  const auto server = Echo();
  const Client client(server->port());
  client.Send("GET /page?x=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = client.Receive();
  CHECK(absl::StartsWith(answer, "HTTP/1.1 200 OK\r\n"));
  CHECK(absl::EndsWith(answer, "\r\n\r\nGET/page"));
}

TEST_CASE("a status that the handler gives is told") {
  const auto server = Echo();
  const Client client(server->port());
  client.Send("GET /none HTTP/1.0\r\n\r\n");
  CHECK(absl::StartsWith(client.Receive(), "HTTP/1.1 404 Not Found\r\n"));
}

TEST_CASE("a request that comes in pieces is answered") {
  const auto server = Echo();
  const Client client(server->port());
  for (const char letter : std::string("GET /p HTTP/1.1\r\nHost: x\r\n\r\n"))
    client.Send(std::string(1, letter));
  CHECK(absl::EndsWith(client.Receive(), "GET/p"));
}

TEST_CASE("what is not HTTP is refused") {
  const auto server = Echo();
  const Client client(server->port());
  client.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  CHECK(absl::StartsWith(client.Receive(), "HTTP/1.1 400 "));
}

TEST_CASE("a request with too many bytes is refused") {
  const auto server = Echo();
  const Client client(server->port());
  client.Send("GET / HTTP/1.1\r\nA: " + std::string(limits::kHttpRequestBytes, 'x'));
  CHECK(absl::StartsWith(client.Receive(), "HTTP/1.1 431 "));
}

TEST_CASE("half-sent requests give way to newer ones") {
  const auto server = Echo();
  std::vector<std::unique_ptr<Client>> half;
  for (size_t i = 0; i < 2 * limits::kHttpConnections; ++i) {
    half.push_back(std::make_unique<Client>(server->port()));
    half.back()->Send("GET /li");
  }
  const Client client(server->port());
  client.Send("GET /live HTTP/1.1\r\n\r\n");
  CHECK(absl::EndsWith(client.Receive(), "GET/live"));
  CHECK(half.front()->Receive().empty());
}

TEST_CASE("metrics are read, and requests that were too long are counted among them") {
  PrometheusMetrics metrics;
  EventLoop clock("clock");
  LimitsSeen limits(metrics, clock);
  const auto server = ListenForMetrics("127.0.0.1", 0, metrics, limits);
  REQUIRE(server.ok());
  const Client long_one((*server)->port());
  long_one.Send("GET / HTTP/1.1\r\nA: " + std::string(limits::kHttpRequestBytes, 'x'));
  CHECK(absl::StartsWith(long_one.Receive(), "HTTP/1.1 431 "));
  const Client client((*server)->port());
  client.Send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = client.Receive();
  CHECK(absl::StrContains(answer, "Content-Type: text/plain; version=0.0.4"));
  CHECK(absl::StrContains(answer, "perdure_wire_limits{kind=\"probe_requests\"} 1"));
}

TEST_CASE("a taken port for metrics is refused in words") {
  PrometheusMetrics metrics;
  EventLoop clock("clock");
  LimitsSeen limits(metrics, clock);
  const auto first = ListenForMetrics("127.0.0.1", 0, metrics, limits);
  REQUIRE(first.ok());
  const auto second = ListenForMetrics("127.0.0.1", (*first)->port(), metrics, limits);
  REQUIRE_FALSE(second.ok());
  CHECK(absl::StrContains(second.status().message(), "choose a free port"));
}

}  // namespace perdure::server
