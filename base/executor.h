// A single-threaded loop: the only way code of history, matching, the frontend's logic and the stores gets
// time, order, timers and randomness. The real one is EventLoop (base/event_loop.h); the simulation has its
// own, so that many nodes run in one thread from one seed.
//
// Thread safety: Post and Now may be called from any thread; everything else only on the loop's own thread.
// Order: tasks run one at a time, in the order in which they were posted.
// Ownership: the executor owns posted tasks; at its end, tasks that did not run are destroyed unrun on its
// thread.
#pragma once

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/random.h"

namespace perdure {

class Executor {
 public:
  using Task = absl::AnyInvocable<void() &&>;
  using TimerId = uint64_t;  // 0 is never a timer
  static constexpr TimerId kNoTimer = 0;

  virtual ~Executor() = default;

  virtual void Post(Task task) = 0;

  // Wall-clock time. It may step back when the machine's clock is set; the engine's Context repairs that per
  // entity.
  virtual absl::Time Now() const = 0;
  // Time since an arbitrary point; never steps back, and does not stand still while the machine is suspended.
  // For leases, timeouts of our own and latency metrics.
  virtual absl::Duration Monotonic() const = 0;

  // Runs `task` once Now() >= at: never early, and late only by the loop's own load.
  virtual TimerId RunAt(absl::Time at, Task task) = 0;
  // Runs `task` once Monotonic() has advanced by `delay`.
  virtual TimerId RunAfter(absl::Duration delay, Task task) = 0;
  // Destroys the timer's task unrun. A timer that has run or was cancelled is ignored.
  virtual void Cancel(TimerId timer) = 0;

  virtual Random& random() = 0;

  // True on the loop's own thread.
  virtual bool IsCurrent() const = 0;
};

}  // namespace perdure
