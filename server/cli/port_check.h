// Whether the gRPC port takes a new connection and answers on it: asked by connecting to it, as a client
// does.
//
// Thread safety: status on any thread; Ask on the loop's; the destructor when the loop has stopped.
// Ownership: the loop outlives it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/event_loop.h"
#include "base/mutex.h"

namespace perdure::server {

class PortCheck {
 public:
  // A port that has not answered for so long does not.
  static constexpr absl::Duration kPatience = absl::Seconds(5);

  // `host` as the server listens on it.
  PortCheck(EventLoop& loop, std::string host, int port, bool tls);
  ~PortCheck();
  PortCheck(const PortCheck&) = delete;
  PortCheck& operator=(const PortCheck&) = delete;

  // Begins to ask, or sees that the question before is still open. Called every second.
  void Ask();
  // What the last question found; OK before the first.
  absl::Status status() const;

 private:
  void OnReady(EventLoop::Interest ready);
  void Settle(absl::Status status);

  EventLoop& loop_;
  const std::string host_;
  const int port_;
  const bool tls_;
  int fd_ = -1;  // -1: no question is open
  bool sent_ = false;
  absl::Duration asked_at_;

  mutable Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
