// What the server says of its own health. Live: its executors turn, so that restarting it would help nobody.
// Ready: it can serve clients now. A server without its database is live and not ready, and becomes ready by
// itself.
//
// Thread safety: any thread, but for what is set up before Begin. Nothing here waits: executors are asked
// once a second, and a report says what is known.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/executor.h"
#include "base/mutex.h"

namespace perdure::server {

struct HealthReport {
  struct Check {
    std::string name;
    absl::Status status;
  };
  std::vector<Check> checks;

  bool ok() const;
  // {"status":"ok"} or "failing", and each check by its name, with what is wrong.
  std::string Json() const;
  // The checks that fail, in one line; empty when none does.
  std::string Failures() const;
};

class Health {
 public:
  // An executor that has not answered for this long does not turn.
  static constexpr absl::Duration kStall = absl::Seconds(5);

  // `executor`: one of its own, which has been stopped, or runs on this thread, when this ends. Checks that
  // fail until SetStarted: "start".
  explicit Health(Executor& executor);
  ~Health();
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

  // Before Begin. `watched` outlives the Health, or its Stop.
  void WatchExecutor(std::string name, Executor& watched);
  void Begin();

  // What the start is at: why the server is not ready yet.
  void SetStarting(std::string step);
  // From now on the server is ready when these checks are OK. `check` must not block and may be called on any
  // thread until Stop has returned. `changed` is told on the executor, within a second, when readiness
  // changes; and `tick` is called there every second.
  using Check = std::function<absl::Status()>;
  void SetStarted(std::vector<std::pair<std::string, Check>> checks,
                  std::function<void(const HealthReport&)> changed, std::function<void()> tick);
  // Not ready any more, for ever. Nothing that was handed in is called after this.
  void Stop();

  HealthReport Live() const;
  HealthReport Ready() const;

 private:
  // One executor's answers. Shared with what was posted to it.
  struct Pulse;

  void Tick();
  void AskPulses();
  HealthReport ReadyLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Executor& executor_;
  std::vector<std::shared_ptr<Pulse>> pulses_;  // constant from Begin on

  mutable Mutex mutex_;
  std::string step_ ABSL_GUARDED_BY(mutex_) = "the server is starting";  // empty: it has started
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool was_ready_ ABSL_GUARDED_BY(mutex_) = true;
  std::vector<std::pair<std::string, Check>> checks_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const HealthReport&)> changed_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> tick_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
