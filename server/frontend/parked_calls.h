// Calls that wait (a history long poll): whoever comes first, the event, the client's going away or the
// server's stopping, takes the call and answers it; the others find nothing. Thread safety: any thread.
#pragma once

#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "server/frontend/call.h"

namespace perdure::server {

class ParkedCalls {
 public:
  // Calls whose clients went away are answered on `executor`, which runs nothing of this once it is gone.
  explicit ParkedCalls(Executor& executor) : executor_(executor) {}

  // Keeps the call until Take, its cancellation or Drain.
  uint64_t Park(CallPtr call);
  // Runs `call_off` when the client goes away; at once, here, when the call is parked no more. It ends the
  // wait at its source, and harms nothing there that was answered.
  void WhenGone(uint64_t ticket, absl::AnyInvocable<void() &&> call_off);
  // Null: it was answered otherwise.
  CallPtr Take(uint64_t ticket);
  // Answers all, and every later one at once, with UNAVAILABLE: the server is stopping.
  void Drain();

 private:
  struct Parked {
    CallPtr call;
    absl::AnyInvocable<void() &&> call_off;
  };
  // Its call is null when it was answered otherwise.
  Parked TakeParked(uint64_t ticket);

  Executor& executor_;
  Mutex mutex_;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t last_ticket_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<uint64_t, Parked> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
