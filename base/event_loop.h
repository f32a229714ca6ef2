// The real Executor: one thread around epoll. Besides tasks and timers it watches file descriptors, so that a
// database connection can live on it without a thread of its own.
//
// Thread safety: as Executor; Watch and Unwatch only on the loop's thread.
// Lifetime: the constructor starts the thread; Stop (or the destructor) lets the running task finish, joins,
// and destroys what did not run. Stop must not be called from the loop's own thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/executor.h"

namespace perdure {

class EventLoop final : public Executor {
 public:
  // What a watched descriptor waits for, and what its callback is told.
  struct Interest {
    bool readable = false;
    bool writable = false;
  };
  using WatchCallback = absl::AnyInvocable<void(Interest ready)>;

  // `name` is the thread's name in the operating system (15 characters are kept).
  explicit EventLoop(const std::string& name);
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void Stop();

  void Post(Task task) override;
  absl::Time Now() const override;
  absl::Duration Monotonic() const override;
  TimerId RunAt(absl::Time at, Task task) override;
  TimerId RunAfter(absl::Duration delay, Task task) override;
  void Cancel(TimerId timer) override;
  Random& random() override;
  bool IsCurrent() const override;

  // Calls `callback` whenever `fd` is ready (level-triggered) until Unwatch. A second Watch of the same
  // descriptor replaces its interest and callback. Errors and hang-ups are reported as readable. The loop
  // does not own `fd`.
  void Watch(int fd, Interest interest, WatchCallback callback);
  void SetInterest(int fd, Interest interest);
  void Unwatch(int fd);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// A Random seeded from the operating system.
std::unique_ptr<Random> NewSystemRandom();
// A Random whose whole sequence follows from `seed`, on every machine.
std::unique_ptr<Random> NewSeededRandom(uint64_t seed);

}  // namespace perdure
