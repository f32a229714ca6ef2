// What everybody who calls the servers of a world has: the way to them, and a repetition after a while of
// what was not answered. A base of those callers, not for use by itself. Not thread-safe: the simulation is
// one thread.
#pragma once

#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/executor.h"
#include "base/ids.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/network.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

class Caller {
 protected:
  // All outlive the caller. `longest`: of what a repetition waits beyond the least.
  Caller(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random, Network& network,
         Journal& journal, absl::Duration longest = absl::Milliseconds(200))
      : plan_(plan),
        namespace_id_(namespace_id),
        executor_(executor),
        random_(random),
        network_(network),
        journal_(journal),
        longest_(longest) {}
  ~Caller() = default;

  // The call may have been made or not, and is repeated.
  static bool IsNoAnswer(const absl::Status& status) {
    return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
  }

  void Later(absl::AnyInvocable<void() &&> task) {
    executor_.RunAfter(absl::Milliseconds(50) + random_.Fraction() * longest_, std::move(task));
  }

  const Plan& plan_;
  const Uuid namespace_id_;
  Executor& executor_;
  Random& random_;
  Network& network_;
  Journal& journal_;

 private:
  const absl::Duration longest_;
};

}  // namespace perdure::simulation
