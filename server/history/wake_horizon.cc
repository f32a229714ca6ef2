#include "server/history/wake_horizon.h"

#include <algorithm>
#include <utility>

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
  needed_.clear();
  are_needed_.clear();
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
  ReadMore();  // it may have been the last one, and nothing else would ask for the next page
  return times;
}

// While a page is being read, it may or may not hold the row.
bool WakeHorizon::WillBeRead(const WakeRow& wake) const {
  return !reading_ && !complete_ && (!cursor_.has_value() || wake > *cursor_);
}

void WakeHorizon::Leave(const RunKey& run, absl::Time at) {
  const WakeRow wake{at, run};
  if (WillBeRead(wake)) return;
  Insert(wake);
  Trim();
  Arm();
}

void WakeHorizon::PutBack(const RunKey& run, const Times& times) {
  for (const absl::Time at : times) Leave(run, at);
}

void WakeHorizon::Need(const RunKey& run) {
  if (!begun_ || !are_needed_.insert(run).second) return;
  needed_.push_back(run);
  Pump();
}

void WakeHorizon::Insert(const WakeRow& wake) {
  Times& times = times_[wake.run];
  if (std::find(times.begin(), times.end(), wake.at) == times.end()) times.push_back(wake.at);
  due_.insert(wake);
}

// What is let go has a row, and is read again: the cursor moves back to what is kept. It never moves on by
// this: rows between it and what is kept have not been read yet.
void WakeHorizon::Trim() {
  if (reading_ || due_.size() <= limits_.horizon) return;
  while (due_.size() > limits_.horizon / 2) {
    const WakeRow last = *std::prev(due_.end());
    due_.erase(std::prev(due_.end()));
    const auto times = times_.find(last.run);
    times->second.erase(std::remove(times->second.begin(), times->second.end(), last.at),
                        times->second.end());
    if (times->second.empty()) times_.erase(times);
  }
  const WakeRow& last = *std::prev(due_.end());
  if (complete_ || (cursor_.has_value() && last < *cursor_)) cursor_ = last;
  complete_ = false;
}

bool WakeHorizon::RunsLow() const {
  if (due_.empty() || !cursor_.has_value() || *due_.begin() > *cursor_) return true;
  const bool all_due = cursor_->at <= executor_.Now();
  return due_.size() <= (all_due ? limits_.horizon / 2 : limits_.page / 2);
}

void WakeHorizon::ReadMore() {
  if (!begun_ || reading_ || paused_ || complete_ || !RunsLow()) return;
  reading_ = true;
  persistence::WakeQuery query;
  query.writer_id = writer_id_;
  query.after = cursor_;
  query.limit = limits_.page;
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
  complete_ = wakes->size() < limits_.page;
  if (!wakes->empty()) cursor_ = wakes->back();
  for (const WakeRow& wake : *wakes) {
    if (!host_.OnWakeRead(wake)) Insert(wake);
  }
  Trim();  // what left memory meanwhile was kept whatever its time
  Pump();
}

void WakeHorizon::Pump() {
  if (!begun_ || paused_) return;
  const absl::Time now = executor_.Now();
  while (loading_ < limits_.loads && !needed_.empty()) {
    const RunKey run = needed_.front();
    needed_.pop_front();
    Load(run, /*needed=*/true);
  }
  while (loading_ < limits_.loads && !due_.empty() && due_.begin()->at <= now) {
    Load(TakeDue(now).run, /*needed=*/false);
  }
  const bool behind = !due_.empty() && due_.begin()->at <= now;
  behind_.Set(behind ? absl::ToDoubleSeconds(now - due_.begin()->at) : 0);
  known_.Set(static_cast<double>(due_.size()));
  ReadMore();
  Arm();
}

void WakeHorizon::Load(const RunKey& run, bool needed) {
  ++loading_;
  host_.OnWakeDue(run, [this, run, needed, generation = generation_](bool read) {
    if (generation == generation_) OnLoaded(run, needed, read);
  });
}

WakeRow WakeHorizon::TakeDue(absl::Time now) {
  newest_next_ = !newest_next_;
  const auto taken = newest_next_ ? due_.begin() : std::prev(due_.upper_bound({now, {kShardCount, {}}}));
  const WakeRow wake = *taken;
  due_.erase(taken);
  return wake;
}

void WakeHorizon::OnLoaded(const RunKey& run, bool needed, bool read) {
  --loading_;
  if (needed && read) are_needed_.erase(run);
  if (needed && !read) needed_.push_front(run);
  if (!needed && !read) {
    const auto times = times_.find(run);
    if (times != times_.end()) {
      for (const absl::Time at : times->second) due_.insert({at, run});
    }
  }
  if (!read) Pause();
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
  if (!begun_ || paused_ || due_.empty() || loading_ >= limits_.loads) return;
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
