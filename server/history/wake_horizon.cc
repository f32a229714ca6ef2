#include "server/history/wake_horizon.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace perdure::server {

using persistence::RunKey;
using persistence::WakeRow;

namespace {

constexpr absl::Duration kRetry = absl::Seconds(1);

}  // namespace

void WakeHorizon::Begin(uint32_t writer_id) {
  writer_id_ = writer_id;
  begun_ = true;
  ReadMore();
}

void WakeHorizon::Abandon() {
  ++generation_;
  begun_ = false;
  reading_ = false;
  complete_ = false;
  cursor_.reset();
  due_.clear();
  times_.clear();
  loading_ = 0;
  paused_ = false;
  executor_.Cancel(std::exchange(timer_, Executor::kNoTimer));
}

WakeHorizon::Times WakeHorizon::Take(const RunKey& run) {
  const auto found = times_.find(run);
  if (found == times_.end()) return {};
  Times times = std::move(found->second);
  times_.erase(found);
  for (const absl::Time at : times) due_.erase({at, run});
  return times;
}

void WakeHorizon::Leave(const RunKey& run, absl::Time at) {
  const WakeRow wake{at, run};
  // While a page is being read, it may or may not hold this row.
  const bool will_be_read = !reading_ && !complete_ && cursor_.has_value() && wake > *cursor_;
  if (will_be_read) return;
  Insert(wake);
  Trim();
  Arm();
}

void WakeHorizon::PutBack(const RunKey& run, const Times& times) {
  for (const absl::Time at : times) Insert({at, run});
  Arm();
}

void WakeHorizon::Insert(const WakeRow& wake) {
  Times& times = times_[wake.run];
  if (std::find(times.begin(), times.end(), wake.at) == times.end()) times.push_back(wake.at);
  due_.insert(wake);
}

void WakeHorizon::Trim() {
  if (reading_ || due_.size() <= limits::kWakeHorizon) return;
  while (due_.size() > limits::kWakeHorizon / 2) {
    const WakeRow last = *std::prev(due_.end());
    due_.erase(std::prev(due_.end()));
    const auto times = times_.find(last.run);
    times->second.erase(std::remove(times->second.begin(), times->second.end(), last.at),
                        times->second.end());
    if (times->second.empty()) times_.erase(times);
  }
  cursor_ = *std::prev(due_.end());
  complete_ = false;
}

void WakeHorizon::ReadMore() {
  if (!begun_ || reading_ || complete_) return;
  const bool all_due = cursor_.has_value() && cursor_->at <= executor_.Now();
  if (due_.size() > (all_due ? limits::kWakeHorizon / 2 : limits::kWakePage / 2)) return;
  reading_ = true;
  persistence::WakeQuery query;
  query.writer_id = writer_id_;
  query.after = cursor_;
  query.limit = limits::kWakePage;
  session_.ReadWakes(query, [this, generation = generation_](absl::StatusOr<std::vector<WakeRow>> wakes) {
    if (generation == generation_) OnRead(std::move(wakes));
  });
}

void WakeHorizon::OnRead(absl::StatusOr<std::vector<WakeRow>> wakes) {
  reading_ = false;
  if (!wakes.ok()) {
    Pause();
    return;
  }
  complete_ = wakes->size() < limits::kWakePage;
  if (!wakes->empty()) cursor_ = wakes->back();
  for (const WakeRow& wake : *wakes) {
    if (!host_.OnWakeRead(wake)) Insert(wake);
  }
  Pump();
}

void WakeHorizon::Pump() {
  if (paused_) return;
  const absl::Time now = executor_.Now();
  while (loading_ < limits::kWakeLoads && !due_.empty() && due_.begin()->at <= now) {
    const RunKey run = TakeDue(now).run;
    ++loading_;
    host_.OnWakeDue(run, [this, run, generation = generation_](bool read) {
      if (generation == generation_) OnLoaded(run, read);
    });
  }
  const bool behind = !due_.empty() && due_.begin()->at <= now;
  behind_.Set(behind ? absl::ToDoubleSeconds(now - due_.begin()->at) : 0);
  known_.Set(static_cast<double>(due_.size()));
  ReadMore();
  Arm();
}

WakeRow WakeHorizon::TakeDue(absl::Time now) {
  newest_next_ = !newest_next_;
  const auto taken = newest_next_ ? due_.begin() : std::prev(due_.upper_bound({now, {kShardCount, {}}}));
  const WakeRow wake = *taken;
  due_.erase(taken);
  return wake;
}

void WakeHorizon::OnLoaded(const RunKey& run, bool read) {
  --loading_;
  if (!read) {
    for (const absl::Time at : times_[run]) due_.insert({at, run});
    Pause();
  }
  Pump();
}

void WakeHorizon::Pause() {
  if (std::exchange(paused_, true)) return;
  executor_.RunAfter(kRetry, [this, generation = generation_] {
    if (generation != generation_) return;
    paused_ = false;
    Pump();
  });
}

void WakeHorizon::Arm() {
  if (!begun_ || paused_ || due_.empty() || loading_ >= limits::kWakeLoads) return;
  const absl::Time first = due_.begin()->at;
  if (timer_ != Executor::kNoTimer && armed_for_ <= first) return;
  executor_.Cancel(timer_);
  armed_for_ = first;
  timer_ = executor_.RunAt(first, [this, generation = generation_] {
    if (generation != generation_) return;
    timer_ = Executor::kNoTimer;
    Pump();
  });
}

}  // namespace perdure::server
