// A listening TCP socket whose connections are taken on an event loop.
//
// Thread safety: Open on any thread; Begin and End on the loop's; the destructor there, or when the loop has
// stopped. Errors: FAILED_PRECONDITION when it cannot listen. A process without descriptors left keeps those
// who want to connect waiting, says so once to `exhausted`, and goes on when there are some again.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/event_loop.h"

namespace perdure::server {

class Listener {
 public:
  // Takes the descriptor, which does not block; `peer` is the other end's address without its port.
  using Accepted = std::function<void(int fd, std::string peer)>;

  // `host` is an address or a name; `port` 0 picks a free one.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(const std::string& host, int port);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }

  // `exhausted` is told each time that a connection could not be taken for want of descriptors or memory.
  void Begin(EventLoop& loop, Accepted accepted, std::function<void()> exhausted);
  // Takes no more connections; those that wait are refused.
  void End();

 private:
  Listener(int fd, int port) : fd_(fd), port_(port) {}
  void AcceptSome();
  void Rest();

  int fd_;
  const int port_;
  EventLoop* loop_ = nullptr;
  Accepted accepted_;
  std::function<void()> exhausted_;
  Executor::TimerId resting_ = Executor::kNoTimer;
};

}  // namespace perdure::server
