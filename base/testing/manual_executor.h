// Executors on virtual time: everything runs in the caller's thread, in an order that follows from a seed.
// For unit tests and for the simulation, in which many nodes, a faulty store and a faulty network share one
// VirtualTime.
//
// Not thread-safe: one thread drives a VirtualTime and everything on it.
// Ownership: VirtualTime outlives its executors, and an executor outlives what was posted to it.
// Nothing runs by itself: RunUntilIdle, Advance and the like run what is there; time moves only by them.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/executor.h"

namespace perdure {

class ManualExecutor;

class VirtualTime {
 public:
  // Wall-clock time begins on 2030-01-01, monotonic time at zero.
  explicit VirtualTime(uint64_t seed);

  // Runs one posted task: the oldest one of an executor that the seed picks. False when there is none.
  bool RunOne();
  // Runs posted tasks until there are none; timers do not run. A million tasks without an end is a failed
  // check.
  void RunUntilIdle();
  // Moves on to the next timer within `limit`, runs it, and then whatever it posted. False when there is
  // none.
  bool RunNextTimer(absl::Duration limit = absl::InfiniteDuration());
  // The same, but what it posted stays for RunOne. REQUIRES: nothing is posted.
  bool RunTimerAlone(absl::Duration limit = absl::InfiniteDuration());
  // Moves time on by `by`; each timer runs at its moment, with what it posts. Begins with RunUntilIdle.
  void Advance(absl::Duration by);

  absl::Time wall() const { return start_ + monotonic_; }
  absl::Duration monotonic() const { return monotonic_; }
  Random& random() { return *random_; }

 private:
  friend class ManualExecutor;

  // The executor that has the earliest timer, and when that is due; null when no timer is set.
  std::pair<ManualExecutor*, absl::Duration> EarliestTimer() const;

  std::unique_ptr<Random> random_;
  const absl::Time start_;
  absl::Duration monotonic_;
  std::vector<ManualExecutor*> executors_;  // in order of construction
  ManualExecutor* running_ = nullptr;
  uint64_t next_timer_ = 1;
};

class ManualExecutor final : public Executor {
 public:
  explicit ManualExecutor(VirtualTime& time);
  ~ManualExecutor() override;
  ManualExecutor(const ManualExecutor&) = delete;
  ManualExecutor& operator=(const ManualExecutor&) = delete;

  // What a crash of the process does: posted tasks and timers are destroyed unrun. The executor stays usable.
  void DropEverything();
  // Somebody sets this machine's clock.
  void StepWallClock(absl::Duration by) { wall_step_ += by; }
  // The process is stopped: what is posted and what comes due waits for Resume.
  void Pause() { paused_ = true; }
  void Resume() { paused_ = false; }
  bool HasPosted() const { return !paused_ && !posted_.empty(); }

  void Post(Task task) override;
  absl::Time Now() const override { return time_.wall() + wall_step_; }
  absl::Duration Monotonic() const override { return time_.monotonic(); }
  TimerId RunAt(absl::Time at, Task task) override;
  TimerId RunAfter(absl::Duration delay, Task task) override;
  void Cancel(TimerId timer) override;
  Random& random() override { return *random_; }
  // Outside of any task every executor is current, so that a test's body may stand in for the loop.
  bool IsCurrent() const override { return time_.running_ == nullptr || time_.running_ == this; }

 private:
  friend class VirtualTime;

  struct Timer {
    bool wall = false;
    absl::Time at;         // wall timers
    absl::Duration after;  // monotonic timers: the moment itself
    Task task;
  };

  absl::Duration DueOf(const Timer& timer) const;
  // The earliest timer's id; kNoTimer when there is none.
  TimerId Earliest() const;
  void RunFirstPosted();
  void RunTimer(TimerId id);
  void Run(Task task);

  VirtualTime& time_;
  std::unique_ptr<Random> random_;
  absl::Duration wall_step_;
  bool paused_ = false;
  std::vector<Task> posted_;  // from next_posted_ on
  size_t next_posted_ = 0;
  absl::btree_map<std::pair<absl::Time, TimerId>, TimerId> wall_order_;
  absl::btree_map<std::pair<absl::Duration, TimerId>, TimerId> monotonic_order_;
  absl::flat_hash_map<TimerId, Timer> timers_;
};

}  // namespace perdure
