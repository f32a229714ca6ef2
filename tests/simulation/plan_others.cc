// Activities on their own, and counters.
#include <fmt/format.h>

#include <utility>

#include "tests/simulation/plan.h"

namespace perdure::simulation {
namespace {

absl::Duration Maybe(Random& random, double chance, absl::Duration least, absl::Duration most) {
  return Chance(random, chance) ? Between(random, least, most) : absl::ZeroDuration();
}

LoneActivityPlan DrawLone(Random& random, size_t number, bool forgetful) {
  using Deed = LoneActivityPlan::Deed;
  LoneActivityPlan plan;
  plan.activity_id = fmt::format("lone-{}", number);
  plan.failures = Chance(random, 0.4) ? static_cast<int>(random.Below(4)) : 0;
  plan.fails_for_good = Chance(random, 0.15);
  plan.beats = Chance(random, 0.4) ? static_cast<int>(random.Below(3)) : 0;
  plan.most_attempts = Chance(random, 0.2) ? 1 + static_cast<int>(random.Below(4)) : 0;
  plan.start_to_close = Between(random, absl::Seconds(6), absl::Seconds(15));  // longer than it beats
  plan.heartbeat = Maybe(random, 0.3, absl::Seconds(2), absl::Seconds(5));
  plan.schedule_to_close = Maybe(random, 0.3, absl::Seconds(2), absl::Minutes(2));
  plan.schedule_to_start = Maybe(random, 0.2, absl::Seconds(1), absl::Seconds(30));
  plan.unserved = Chance(random, 0.15);
  // Nothing else ends it.
  if (plan.unserved) plan.schedule_to_start = Between(random, absl::Seconds(1), absl::Minutes(10));
  const size_t interferences = Chance(random, 0.6) ? 1 + random.Below(4) : 0;
  bool paused = false;
  for (size_t i = 0; i < interferences; ++i) {
    auto deed = static_cast<Deed>(random.Below(7));
    if (forgetful && deed == Deed::kPause) deed = Deed::kReset;  // an unpause that vanishes is not repeated
    paused = deed == Deed::kPause || (paused && deed != Deed::kUnpause);
    plan.interferences.push_back({deed, Between(random, absl::ZeroDuration(), absl::Seconds(10))});
  }
  // A paused activity waits for ever.
  if (paused)
    plan.interferences.push_back({Deed::kUnpause, Between(random, absl::Seconds(1), absl::Seconds(20))});
  return plan;
}

CounterPlan DrawCounter(Random& random, size_t number, size_t counters) {
  using Kind = CounterPlan::Deed::Kind;
  CounterPlan plan;
  plan.id = fmt::format("counter-{}", number);
  const size_t deeds = 1 + random.Below(8);
  const auto wait = [&] {
    return Chance(random, 0.5) ? absl::ZeroDuration() : random.Fraction() * absl::Seconds(3);
  };
  for (size_t i = 0; i < deeds; ++i) {
    CounterPlan::Deed deed;
    deed.after = wait();
    deed.amount = 1 + static_cast<int64_t>(random.Below(uint64_t{1} << 40));
    deed.to = fmt::format("counter-{}", random.Below(counters + 1));  // one of them is never there
    if (deed.to == plan.id) deed.to = "counter-of-nobody";
    const double kind = random.Fraction();
    if (kind < 0.6) {
      deed.kind = Kind::kGive;
      if (Chance(random, 0.1)) deed.to = "begun";
    } else if (kind < 0.8) {
      deed.kind = Kind::kBegin;
      deed.to = Chance(random, 0.3) ? "begun" : fmt::format("begun-by-{}.{}", number, i);
    } else if (kind < 0.9) {
      deed.kind = Kind::kStop;
    } else {
      deed.kind = Kind::kRollOver;
    }
    plan.deeds.push_back(std::move(deed));
  }
  plan.deeds.push_back({.kind = Kind::kClose, .to = "", .amount = 0, .after = wait()});
  return plan;
}

}  // namespace

void DrawLoneActivities(Random& random, Plan& plan) {
  if (!Chance(random, 0.5)) return;
  const size_t activities = 1 + random.Below(5);
  const bool forgetful = plan.faults.between_lost_batches != absl::InfiniteDuration();
  for (size_t i = 0; i < activities; ++i) plan.lone_activities.push_back(DrawLone(random, i, forgetful));
}

void DrawCounters(Random& random, Plan& plan) {
  // They say nothing of what they forgot: where commits vanish, some would wait for ever.
  if (!Chance(random, 0.4) || plan.faults.between_lost_batches != absl::InfiniteDuration()) return;
  const size_t counters = 1 + random.Below(5);
  for (size_t i = 0; i < counters; ++i) plan.counters.push_back(DrawCounter(random, i, counters));
}

}  // namespace perdure::simulation
