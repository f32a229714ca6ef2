// What happens to a world again and again, at random times: while faults last, or for ever. Not thread-safe:
// the simulation is one thread.
#pragma once

#include <functional>

#include "absl/time/time.h"
#include "base/executor.h"
#include "base/random.h"

namespace perdure::simulation {

class Fate {
 public:
  // Both outlive it.
  Fate(Executor& executor, Random& random) : executor_(executor), random_(random) {}

  // Calls `happen` again and again, `between` apart on the average, until Stop.
  void Every(absl::Duration between, const std::function<void()>& happen) {
    if (between == absl::InfiniteDuration() || stopped_) return;
    executor_.RunAfter(random_.Fraction() * 2 * between, [this, between, happen] {
      if (stopped_) return;
      happen();
      Every(between, happen);
    });
  }
  void Stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

 private:
  Executor& executor_;
  Random& random_;
  bool stopped_ = false;
};

}  // namespace perdure::simulation
