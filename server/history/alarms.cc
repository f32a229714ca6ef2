#include "server/history/alarms.h"

namespace perdure::server {
namespace {

// Alarms of one turn of the loop; calls get a turn before the next ones.
constexpr int kRingsAtATime = 256;

}  // namespace

void Alarms::Move(const persistence::RunKey& run, std::optional<absl::Time>& at,
                  std::optional<absl::Time> next) {
  if (at == next) return;
  if (at) alarms_.erase({*at, run});
  at = next;
  if (at) {
    alarms_.emplace(*at, run);
    Arm();
  }
}

void Alarms::Clear() {
  alarms_.clear();
  executor_.Cancel(std::exchange(timer_, Executor::kNoTimer));
}

void Alarms::Arm() {
  if (alarms_.empty()) return;
  const absl::Time first = alarms_.begin()->first;
  // A timer that is too early costs one look; most alarms are moved before they ring.
  if (timer_ != Executor::kNoTimer && armed_for_ <= first) return;
  executor_.Cancel(timer_);
  armed_for_ = first;
  timer_ = executor_.RunAt(first, [this] {
    timer_ = Executor::kNoTimer;
    RingDue();
  });
}

void Alarms::RingDue() {
  const absl::Time now = executor_.Now();
  for (int i = 0; i < kRingsAtATime && !alarms_.empty() && alarms_.begin()->first <= now; ++i) {
    const persistence::RunKey run = alarms_.begin()->second;
    alarms_.erase(alarms_.begin());
    ring_(run);
  }
  Arm();
}

}  // namespace perdure::server
