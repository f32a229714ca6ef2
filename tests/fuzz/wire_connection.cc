// What a stranger sends to the gRPC port, from the first byte on: HTTP/2 by libnghttp2, and our part around
// it. The connection ends when the stranger has sent all, and gives back whatever it held.

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/notification.h"
#include "server/frontend/testing/fake_parts.h"
#include "server/metrics/prometheus_metrics.h"
#include "server/wire/wire_connection.h"
#include "spdlog/spdlog.h"

namespace {

using perdure::EventLoop;
using perdure::Notification;
using perdure::server::ConnectionTimes;
using perdure::server::LimitsSeen;
using perdure::server::PrometheusMetrics;
using perdure::server::WireConnection;
using perdure::server::WireWorld;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Of the whole process, and never taken down.
struct World {
  perdure::server::testing::FakeNode node;
  PrometheusMetrics metrics;
  EventLoop loop{"wire"};
  LimitsSeen limits{metrics, loop};
  WireWorld wire{node.methods, node.frontend, node, limits, ConnectionTimes()};
  std::unique_ptr<WireConnection> connection;

  void Run(const std::function<void()>& task) {
    Notification done;
    loop.Post([&] {
      task();
      done.Notify();
    });
    done.WaitForNotification();
  }

  void Serve(int fd, Notification& over) {
    Run([&] {
      const auto end = [this, &over](WireConnection&) {
        loop.Post([this, &over] {
          connection.reset();
          node.history.waiting.clear();
          over.Notify();
        });
      };
      connection =
          std::make_unique<WireConnection>(wire, loop, fd, "fuzz", nullptr, end, [](const std::string&) {});
      connection->Begin();
    });
  }
};

World& TheWorld() {
  static World* const world = [] {
    spdlog::set_level(spdlog::level::off);
    return new World();
  }();
  return *world;
}

// Writes all and takes what is answered, until the other end closes.
void Talk(int fd, std::string_view bytes) {
  std::array<char, 64 * 1024> answer{};
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
    if (sent < 0 && errno != EAGAIN) break;
    while (recv(fd, answer.data(), answer.size(), MSG_DONTWAIT) > 0) {
    }
  }
  shutdown(fd, SHUT_WR);
  while (recv(fd, answer.data(), answer.size(), 0) > 0) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  World& world = TheWorld();
  std::array<int, 2> ends{};
  PERDURE_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "no sockets");
  PERDURE_CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0, "no socket that does not block");
  Notification over;
  world.Serve(ends[0], over);
  // Most inputs would be over at the preface.
  std::string bytes(kPreface);
  bytes.append(reinterpret_cast<const char*>(data), size);
  Talk(ends[1], bytes);
  over.WaitForNotification();
  close(ends[1]);
  PERDURE_CHECK(world.wire.live.WaitForNone(absl::Seconds(60)), "a call outlives its connection");
  return 0;
}
