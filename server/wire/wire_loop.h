// One event loop of the server's, and the connections that are on it.
// Thread safety: Post what is said to be on the loop's thread; the rest any thread. Ownership: the world
// outlives it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "base/event_loop.h"
#include "server/metrics/metrics.h"
#include "server/wire/wire_connection.h"

namespace perdure::server {

class WireLoop {
 public:
  // `most`: connections at a time. `open` counts those of all loops.
  WireLoop(const std::string& name, WireWorld& world, size_t most, Metrics& metrics, Gauge& open);
  // Closes what is open.
  ~WireLoop();
  WireLoop(const WireLoop&) = delete;
  WireLoop& operator=(const WireLoop&) = delete;

  EventLoop& loop() { return loop_; }
  size_t connections() const { return count_.load(std::memory_order_relaxed); }

  // On the loop's thread.
  void Take(int fd, std::string peer, std::shared_ptr<SSL_CTX> tls);
  void Drain();
  // Connections that have nothing in flight any more are over when they have said so.
  void SayGoodbye();
  void CloseAll();
  void PushHealth();
  bool empty() const { return open_connections_.empty(); }

  // Stops the loop: nothing runs on it any more.
  void Stop() { loop_.Stop(); }

 private:
  void ForEach(absl::FunctionRef<void(WireConnection&)> task);
  void Tick();
  WireConnection* LeastUseful();

  WireWorld& world_;
  const size_t most_;
  Metrics& metrics_;
  Gauge& open_;
  std::atomic<size_t> count_ = 0;
  bool draining_ = false;
  absl::flat_hash_map<WireConnection*, std::unique_ptr<WireConnection>> open_connections_;
  EventLoop loop_;  // ends before what it works on
};

}  // namespace perdure::server
