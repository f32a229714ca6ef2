// Calls that wait for something that cannot be called off at its source (a history long poll): whoever comes
// first, the event, the client's going away or the server's stopping, takes the call and answers it; the
// others find nothing. Thread safety: any thread.
#pragma once

#include <cstdint>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "base/executor.h"
#include "server/frontend/call.h"

namespace perdure::server {

class ParkedCalls {
 public:
  // Calls whose clients went away are answered on `executor`, which runs nothing of this once it is gone.
  explicit ParkedCalls(Executor& executor) : executor_(executor) {}

  // Keeps the call until Take, its cancellation or Drain.
  uint64_t Park(CallPtr call);
  // Null: it was answered otherwise.
  CallPtr Take(uint64_t ticket);
  // Answers all, and every later one at once, with UNAVAILABLE: the server is stopping.
  void Drain();

 private:
  Executor& executor_;
  std::mutex mutex_;
  // Guarded by mutex_.
  bool draining_ = false;
  uint64_t last_ticket_ = 0;
  absl::flat_hash_map<uint64_t, CallPtr> calls_;
};

}  // namespace perdure::server
