#include "tests/simulation/plan.h"

#include <fmt/format.h>

namespace perdure::simulation {

bool Chance(Random& random, double chance) { return random.Fraction() < chance; }

absl::Duration Between(Random& random, absl::Duration least, absl::Duration most) {
  return least + random.Fraction() * (most - least);
}

namespace {

// Half of all seeds do without a given fault, so that each fault is also seen alone.
double Rate(Random& random, double most) { return Chance(random, 0.5) ? 0 : random.Fraction() * most; }

absl::Duration Interval(Random& random, double chance, absl::Duration least, absl::Duration most) {
  if (!Chance(random, chance)) return absl::InfiniteDuration();
  return least + random.Fraction() * (most - least);
}

ActivityPlan DrawActivity(Random& random, bool rare) {
  ActivityPlan activity;
  activity.failures = Chance(random, 0.3) ? static_cast<int>(random.Below(3)) : 0;
  if (!rare) return activity;
  activity.rare = Chance(random, 0.2);
  // A backoff that is in its middle when nothing else happens.
  if (Chance(random, 0.3)) activity.failures = static_cast<int>(random.Below(8));
  return activity;
}

Step DrawStep(Random& random, bool rare) {
  Step step;
  switch (random.Below(5)) {
    case 0:
      step.kind = Step::Kind::kTimer;
      step.duration = absl::Milliseconds(1 + random.Below(Chance(random, 0.2) ? 300000 : 20000));
      break;
    case 1:
      step.kind = Step::Kind::kSignal;
      break;
    default: {
      step.kind = Step::Kind::kActivities;
      const size_t activities = 1 + (Chance(random, 0.3) ? random.Below(4) : 0);
      for (size_t i = 0; i < activities; ++i) step.activities.push_back(DrawActivity(random, rare));
    }
  }
  return step;
}

WorkflowPlan DrawWorkflow(Random& random, size_t number, bool rare) {
  WorkflowPlan plan;
  plan.workflow_id = fmt::format("workflow-{}", number);
  const size_t steps = random.Below(6);
  for (size_t i = 0; i < steps; ++i) {
    plan.steps.push_back(DrawStep(random, rare));
    if (plan.steps.back().kind == Step::Kind::kSignal) ++plan.signals;
  }
  plan.with_start = plan.signals > 0 && number % 2 == 0;
  return plan;
}

void DrawNextRuns(Random& random, WorkflowPlan& plan) {
  if (plan.signals > 0 || !Chance(random, 0.3)) return;
  plan.next_runs = 1 + static_cast<int>(random.Below(4));
  plan.retried = Chance(random, 0.4);
}

FaultPlan DrawFaults(Random& random) {
  FaultPlan faults;
  faults.commit_fails = Rate(random, 0.1);
  faults.commit_unknown_landed = Rate(random, 0.05);
  faults.commit_unknown_lost = Rate(random, 0.05);
  faults.commit_unknown_stalls = Rate(random, 0.05);
  faults.read_fails = Rate(random, 0.1);
  faults.load_fails = Rate(random, 0.5);
  faults.slowest_store = Chance(random, 0.7) ? absl::Milliseconds(random.Below(30)) : absl::Seconds(2);
  faults.reply_lost = Rate(random, 0.1);
  faults.worker_drops_task = Rate(random, 0.2);
  faults.worker_answers_twice = Rate(random, 0.3);
  faults.worker_answers_late = Rate(random, 0.1);
  faults.worker_fails_task = Rate(random, 0.2);
  faults.worker_sends_bad_command = Rate(random, 0.1);
  faults.copy_lost = Rate(random, 0.2);
  faults.copy_twice = Rate(random, 0.3);
  faults.copy_late = Rate(random, 0.2);
  faults.copy_answer_lost = Rate(random, 0.3);
  faults.between_crashes = Interval(random, 0.5, absl::Milliseconds(200), absl::Seconds(20));
  faults.between_lost_batches = Interval(random, 0.2, absl::Seconds(2), absl::Seconds(20));
  faults.between_read_outages = Interval(random, 0.3, absl::Seconds(1), absl::Seconds(20));
  faults.between_clock_steps = Interval(random, 0.3, absl::Seconds(1), absl::Seconds(20));
  return faults;
}

// How little of everything the server may hold at a time.
void DrawLimits(Random& random, Plan& plan) {
  switch (random.Below(4)) {
    case 0:
      plan.resident_bytes = 1;
      break;
    case 1:
      plan.resident_bytes = 1 + random.Below(200000);
      break;
    default:
      break;
  }
  if (Chance(random, 0.3)) plan.tail_bytes = 1 + random.Below(2000);
  if (Chance(random, 0.3)) plan.load_keys = 1 + random.Below(4);
  if (Chance(random, 0.3)) plan.queue_window = 1 + random.Below(4);
  plan.small_horizon = Chance(random, 0.5);
  if (plan.small_horizon) {
    plan.wakes.page = 1 + random.Below(4);
    plan.wakes.horizon = 2 * plan.wakes.page + random.Below(8);
    plan.wakes.loads = 1 + random.Below(3);
  }
  plan.quiet_after = absl::Seconds(Chance(random, 0.7) ? 1 : 30);
}

}  // namespace

Plan DrawPlan(Random& random, bool whole) {
  Plan plan;
  plan.executors = 1 + random.Below(3);
  plan.pollers = 1 + random.Below(8);
  DrawLimits(random, plan);
  plan.sticky = Chance(random, 0.5);
  const bool rare = Chance(random, 0.3);
  if (rare) plan.rare_polls_after = absl::Minutes(10) + random.Fraction() * absl::Minutes(30);
  const size_t workflows = 1 + random.Below(Chance(random, 0.3) ? 20 : 8);
  for (size_t i = 0; i < workflows; ++i) plan.workflows.push_back(DrawWorkflow(random, i, rare));
  if (!Chance(random, 0.1)) plan.faults = DrawFaults(random);
  plan.faulty_time = absl::Seconds(5 + random.Below(60));
  plan.snapshots = Chance(random, 0.3);
  // A server that lost commits without noticing is told by its clients alone.
  plan.watched = plan.faults.between_lost_batches != absl::InfiniteDuration() || Chance(random, 0.4);
  for (WorkflowPlan& workflow : plan.workflows) DrawNextRuns(random, workflow);
  if (whole) {
    DrawFamilies(random, plan);
    DrawLoneActivities(random, plan);
    DrawCounters(random, plan);
  }
  return plan;
}

std::string Describe(const Plan& plan) {
  const FaultPlan& f = plan.faults;
  std::string text = fmt::format(
      "{} executors, {} pollers, {} resident bytes, tail of {}, {} keys a load, queue window {}, sticky {}, "
      "snapshots {}, watched {}, quiet after {}, {} workflows",
      plan.executors, plan.pollers, plan.resident_bytes, plan.tail_bytes, plan.load_keys, plan.queue_window,
      plan.sticky, plan.snapshots, plan.watched, absl::FormatDuration(plan.quiet_after),
      plan.workflows.size());
  if (plan.small_horizon) {
    text += fmt::format(", horizon of {} by pages of {}, {} loads", plan.wakes.horizon, plan.wakes.page,
                        plan.wakes.loads);
  }
  text += fmt::format(
      "; commits fail {:.3f}, unknown {:.3f} landed {:.3f} lost {:.3f} stalled; reads fail {:.3f}, loads "
      "{:.3f}; store up to {}; replies lost {:.3f}; workers drop {:.3f}, twice {:.3f}, late {:.3f}, fail "
      "{:.3f}, bad {:.3f}",
      f.commit_fails, f.commit_unknown_landed, f.commit_unknown_lost, f.commit_unknown_stalls, f.read_fails,
      f.load_fails, absl::FormatDuration(f.slowest_store), f.reply_lost, f.worker_drops_task,
      f.worker_answers_twice, f.worker_answers_late, f.worker_fails_task, f.worker_sends_bad_command);
  text += fmt::format(
      "; crash every {}, lose batches every {}, no reads every {}, clock steps every {}; faults for {}, rare "
      "queue polled {} later",
      absl::FormatDuration(f.between_crashes), absl::FormatDuration(f.between_lost_batches),
      absl::FormatDuration(f.between_read_outages), absl::FormatDuration(f.between_clock_steps),
      absl::FormatDuration(plan.faulty_time), absl::FormatDuration(plan.rare_polls_after));
  text += fmt::format(
      "; {} parents, {} children, {} interferences, {} lone activities, {} counters; copies lost {:.3f}, "
      "twice {:.3f}, late {:.3f}, answers lost {:.3f}",
      plan.parents.size(), plan.children.size(), plan.interferences.size(), plan.lone_activities.size(),
      plan.counters.size(), f.copy_lost, f.copy_twice, f.copy_late, f.copy_answer_lost);
  return text;
}

}  // namespace perdure::simulation
