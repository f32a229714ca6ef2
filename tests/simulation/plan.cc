#include "tests/simulation/plan.h"

#include <fmt/format.h>

namespace perdure::simulation {
namespace {

bool Chance(Random& random, double chance) { return random.Fraction() < chance; }

// Half of all seeds do without a given fault, so that each fault is also seen alone.
double Rate(Random& random, double most) { return Chance(random, 0.5) ? 0 : random.Fraction() * most; }

absl::Duration Interval(Random& random, double chance, absl::Duration least, absl::Duration most) {
  if (!Chance(random, chance)) return absl::InfiniteDuration();
  return least + random.Fraction() * (most - least);
}

Step DrawStep(Random& random) {
  Step step;
  switch (random.Below(5)) {
    case 0:
      step.kind = Step::Kind::kTimer;
      step.duration = absl::Milliseconds(1 + random.Below(20000));
      break;
    case 1:
      step.kind = Step::Kind::kSignal;
      break;
    default:
      step.kind = Step::Kind::kActivity;
      step.failures = Chance(random, 0.3) ? static_cast<int>(random.Below(3)) : 0;
  }
  return step;
}

WorkflowPlan DrawWorkflow(Random& random, size_t number) {
  WorkflowPlan plan;
  plan.workflow_id = fmt::format("workflow-{}", number);
  const size_t steps = random.Below(6);
  for (size_t i = 0; i < steps; ++i) {
    plan.steps.push_back(DrawStep(random));
    if (plan.steps.back().kind == Step::Kind::kSignal) ++plan.signals;
  }
  return plan;
}

FaultPlan DrawFaults(Random& random) {
  FaultPlan faults;
  faults.commit_fails = Rate(random, 0.1);
  faults.commit_unknown_landed = Rate(random, 0.05);
  faults.commit_unknown_lost = Rate(random, 0.05);
  faults.commit_unknown_stalls = Rate(random, 0.05);
  faults.read_fails = Rate(random, 0.1);
  faults.slowest_store = Chance(random, 0.7) ? absl::Milliseconds(random.Below(30)) : absl::Seconds(2);
  faults.reply_lost = Rate(random, 0.1);
  faults.worker_drops_task = Rate(random, 0.2);
  faults.worker_answers_twice = Rate(random, 0.3);
  faults.worker_answers_late = Rate(random, 0.1);
  faults.worker_fails_task = Rate(random, 0.2);
  faults.worker_sends_bad_command = Rate(random, 0.1);
  faults.between_crashes = Interval(random, 0.5, absl::Milliseconds(200), absl::Seconds(20));
  faults.between_lost_batches = Interval(random, 0.2, absl::Seconds(2), absl::Seconds(20));
  faults.between_clock_steps = Interval(random, 0.3, absl::Seconds(1), absl::Seconds(20));
  return faults;
}

}  // namespace

Plan DrawPlan(Random& random) {
  Plan plan;
  plan.executors = 1 + random.Below(3);
  plan.pollers = 1 + random.Below(8);
  plan.resident_bytes = Chance(random, 0.5) ? 0 : 1 + random.Below(200000);
  plan.sticky = Chance(random, 0.5);
  const size_t workflows = 1 + random.Below(20);
  for (size_t i = 0; i < workflows; ++i) plan.workflows.push_back(DrawWorkflow(random, i));
  if (!Chance(random, 0.1)) plan.faults = DrawFaults(random);
  plan.faulty_time = absl::Seconds(5 + random.Below(60));
  plan.snapshots = Chance(random, 0.3);
  return plan;
}

std::string Describe(const Plan& plan) {
  const FaultPlan& f = plan.faults;
  return fmt::format(
      "{} executors, {} pollers, {} resident bytes, sticky {}, snapshots {}, {} workflows; commits fail "
      "{:.3f}, unknown "
      "{:.3f} landed "
      "{:.3f} lost {:.3f} stalled; reads fail {:.3f}; store up to {}; replies lost {:.3f}; workers drop "
      "{:.3f}, twice {:.3f}, late {:.3f}, "
      "fail {:.3f}, bad {:.3f}; crash every {}, lose batches every {}, clock steps every {}; faults for {}",
      plan.executors, plan.pollers, plan.resident_bytes, plan.sticky, plan.snapshots, plan.workflows.size(),
      f.commit_fails, f.commit_unknown_landed, f.commit_unknown_lost, f.commit_unknown_stalls, f.read_fails,
      absl::FormatDuration(f.slowest_store), f.reply_lost, f.worker_drops_task, f.worker_answers_twice,
      f.worker_answers_late, f.worker_fails_task, f.worker_sends_bad_command,
      absl::FormatDuration(f.between_crashes), absl::FormatDuration(f.between_lost_batches),
      absl::FormatDuration(f.between_clock_steps), absl::FormatDuration(plan.faulty_time));
}

}  // namespace perdure::simulation
