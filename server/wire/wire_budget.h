// Who pays for a connection: bytes that the server holds for each, of requests that it has not read and of
// answers that the client has not taken. Over a limit of its own a connection is doomed; over the limit of
// all, the one that holds most is. A doomed connection's bytes count no more, and it is closed on its loop.
//
// Thread safety: any thread. Ownership: loops and `limits` outlive every account.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "base/event_loop.h"
#include "base/mutex.h"
#include "server/net/limits_seen.h"

namespace perdure::server {

class WireBudget;

// One connection's account. Held by the connection and by the calls in flight.
class WireAccount {
 public:
  enum Kind { kRequests, kAnswers };
  // Runs on `loop` when the account is doomed, unless it was closed before.
  using Close = std::function<void(WireLimit)>;

  WireAccount(WireBudget& budget, EventLoop& loop, std::string peer, Close close);
  ~WireAccount();
  WireAccount(const WireAccount&) = delete;
  WireAccount& operator=(const WireAccount&) = delete;

  void Add(Kind kind, size_t bytes);
  void Take(Kind kind, size_t bytes);
  size_t held(Kind kind) const;
  // Whether the connection is being closed: what is meant for it can be dropped.
  bool doomed() const { return doomed_.load(std::memory_order_relaxed); }
  // On the loop: the connection is gone, `close` is not called any more.
  void Leave();

  EventLoop& loop() { return loop_; }
  const std::string& peer() const { return peer_; }

 private:
  friend class WireBudget;
  struct Closer {
    Close close;  // null once the connection is gone; the loop's thread only
  };

  WireBudget& budget_;
  EventLoop& loop_;
  const std::string peer_;
  const std::shared_ptr<Closer> closer_;
  std::atomic<bool> doomed_ = false;  // written under the budget's mutex
  std::array<size_t, 2> held_{};      // guarded by the budget's mutex
};

class WireBudget {
 public:
  explicit WireBudget(LimitsSeen& limits) : limits_(limits) {}

  LimitsSeen& limits() { return limits_; }

 private:
  friend class WireAccount;
  // Over a limit of `kind`: who must go.
  WireAccount* Worst(WireAccount& last, WireAccount::Kind kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  LimitsSeen& limits_;
  Mutex mutex_;
  std::array<size_t, 2> total_ ABSL_GUARDED_BY(mutex_){};
  absl::flat_hash_set<WireAccount*> accounts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
