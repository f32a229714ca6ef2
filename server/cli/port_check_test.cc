#include "server/cli/port_check.h"

#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "server/net/listener.h"

namespace perdure::server {
namespace {

struct Bench {
  std::unique_ptr<Listener> listener = *Listener::Open("127.0.0.1", 0);
  EventLoop port_loop{"port"};
  EventLoop loop{"check"};

  // What a port that does `accepted` with its connections is found to be.
  absl::Status Found(Listener::Accepted accepted, bool tls) {
    port_loop.Post([&] { listener->Begin(port_loop, std::move(accepted), [] {}); });
    PortCheck check(loop, "127.0.0.1", listener->port(), tls);
    absl::Status found;
    for (int i = 0; i < 200 && found.ok(); ++i) {
      loop.Post([&] { check.Ask(); });
      absl::SleepFor(absl::Milliseconds(5));
      found = check.status();
    }
    loop.Stop();
    port_loop.Stop();
    return found;
  }
};

}  // namespace

TEST_CASE("a port that answers is fine") {
  Bench bench;
  const auto answer = [](int fd, const std::string&) {
    send(fd, "x", 1, MSG_NOSIGNAL);
    close(fd);
  };
  CHECK(bench.Found(answer, false).ok());
}

TEST_CASE("a port that closes its connections is named") {
  Bench bench;
  const auto hang_up = [](int fd, const std::string&) {
    shutdown(fd, SHUT_RDWR);
    close(fd);
  };
  CHECK_FALSE(bench.Found(hang_up, true).ok());
}

}  // namespace perdure::server
