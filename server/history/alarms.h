// When to look at which run: one ordered set and one timer of the executor for all of them.
// Not thread-safe: lives on one executor, and is destroyed on it or after its end.
#pragma once

#include <optional>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "persistence/batch.h"

namespace perdure::server {

class Alarms {
 public:
  using Ring = absl::AnyInvocable<void(const persistence::RunKey&)>;

  // `ring` is called once an alarm is due; that alarm is gone then.
  Alarms(Executor& executor, Ring ring) : executor_(executor), ring_(std::move(ring)) {}

  // Moves the run's alarm from `at` (nullopt: it has none) to `next`.
  void Move(const persistence::RunKey& run, std::optional<absl::Time>& at, std::optional<absl::Time> next);
  void Clear();
  // An alarm is due that has not rung yet.
  bool IsAnyDue() const { return !alarms_.empty() && alarms_.begin()->first <= executor_.Now(); }

 private:
  void Arm();
  void RingDue();

  Executor& executor_;
  Ring ring_;
  absl::btree_set<std::pair<absl::Time, persistence::RunKey>> alarms_;
  Executor::TimerId timer_ = Executor::kNoTimer;
  absl::Time armed_for_;
};

}  // namespace perdure::server
