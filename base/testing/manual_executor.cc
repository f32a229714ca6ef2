#include "base/testing/manual_executor.h"

#include <algorithm>

#include "base/check.h"
#include "base/event_loop.h"

namespace perdure {
namespace {

constexpr int kTasksUntilLiveLock = 1'000'000;

}  // namespace

VirtualTime::VirtualTime(uint64_t seed)
    : random_(NewSeededRandom(seed)),
      start_(absl::FromCivil(absl::CivilDay(2030, 1, 1), absl::UTCTimeZone())) {}

bool VirtualTime::RunOne() {
  size_t ready = 0;
  for (const ManualExecutor* executor : executors_) ready += executor->HasPosted() ? 1 : 0;
  if (ready == 0) return false;
  size_t pick = ready == 1 ? 0 : random_->Below(ready);
  for (ManualExecutor* executor : executors_) {
    if (!executor->HasPosted() || pick-- != 0) continue;
    executor->RunFirstPosted();
    break;
  }
  return true;
}

void VirtualTime::RunUntilIdle() {
  int tasks = 0;
  while (RunOne()) PERDURE_CHECK(++tasks < kTasksUntilLiveLock, "tasks post tasks without an end");
}

std::pair<ManualExecutor*, absl::Duration> VirtualTime::EarliestTimer() const {
  std::pair<ManualExecutor*, absl::Duration> first{nullptr, absl::InfiniteDuration()};
  for (ManualExecutor* executor : executors_) {
    if (executor->paused_) continue;
    const Executor::TimerId timer = executor->Earliest();
    if (timer == Executor::kNoTimer) continue;
    const absl::Duration due = executor->DueOf(executor->timers_.at(timer));
    if (first.first == nullptr || due < first.second) first = {executor, due};
  }
  return first;
}

bool VirtualTime::RunNextTimer(absl::Duration limit) {
  if (!RunTimerAlone(limit)) return false;
  RunUntilIdle();
  return true;
}

bool VirtualTime::RunTimerAlone(absl::Duration limit) {
  const auto [executor, due] = EarliestTimer();
  if (executor == nullptr || due > monotonic_ + limit) return false;
  monotonic_ = std::max(monotonic_, due);
  executor->RunTimer(executor->Earliest());
  return true;
}

void VirtualTime::Advance(absl::Duration by) {
  const absl::Duration end = monotonic_ + by;
  RunUntilIdle();
  while (monotonic_ <= end && RunNextTimer(end - monotonic_)) {
  }
  monotonic_ = end;
}

ManualExecutor::ManualExecutor(VirtualTime& time)
    : time_(time), random_(NewSeededRandom(time.random().Next())) {
  time_.executors_.push_back(this);
}

ManualExecutor::~ManualExecutor() {
  DropEverything();
  std::erase(time_.executors_, this);
}

void ManualExecutor::DropEverything() {
  // Destructors may post and cancel: whatever they add goes as well.
  while (!posted_.empty() || !timers_.empty()) {
    next_posted_ = 0;
    wall_order_.clear();
    monotonic_order_.clear();
    auto posted = std::exchange(posted_, {});
    auto timers = std::exchange(timers_, {});
  }
}

void ManualExecutor::Post(Task task) { posted_.push_back(std::move(task)); }

Executor::TimerId ManualExecutor::RunAt(absl::Time at, Task task) {
  PERDURE_CHECK(IsCurrent(), "timers belong to the loop's thread");
  const TimerId id = time_.next_timer_++;
  timers_.emplace(id, Timer{.wall = true, .at = at, .after = {}, .task = std::move(task)});
  wall_order_.emplace(std::pair(at, id), id);
  return id;
}

Executor::TimerId ManualExecutor::RunAfter(absl::Duration delay, Task task) {
  PERDURE_CHECK(IsCurrent(), "timers belong to the loop's thread");
  const TimerId id = time_.next_timer_++;
  const absl::Duration at = Monotonic() + std::max(delay, absl::ZeroDuration());
  timers_.emplace(id, Timer{.wall = false, .at = {}, .after = at, .task = std::move(task)});
  monotonic_order_.emplace(std::pair(at, id), id);
  return id;
}

void ManualExecutor::Cancel(TimerId timer) {
  const auto found = timers_.find(timer);
  if (found == timers_.end()) return;
  wall_order_.erase(std::pair(found->second.at, timer));
  monotonic_order_.erase(std::pair(found->second.after, timer));
  timers_.erase(found);
}

absl::Duration ManualExecutor::DueOf(const Timer& timer) const {
  return timer.wall ? timer.at - wall_step_ - time_.start_ : timer.after;
}

Executor::TimerId ManualExecutor::Earliest() const {
  const TimerId wall = wall_order_.empty() ? kNoTimer : wall_order_.begin()->second;
  const TimerId monotonic = monotonic_order_.empty() ? kNoTimer : monotonic_order_.begin()->second;
  if (wall == kNoTimer || monotonic == kNoTimer) return wall == kNoTimer ? monotonic : wall;
  const absl::Duration wall_due = DueOf(timers_.at(wall));
  const absl::Duration monotonic_due = DueOf(timers_.at(monotonic));
  if (wall_due != monotonic_due) return wall_due < monotonic_due ? wall : monotonic;
  return std::min(wall, monotonic);
}

void ManualExecutor::RunFirstPosted() {
  Task task = std::move(posted_[next_posted_++]);
  if (next_posted_ == posted_.size()) {
    posted_.clear();
    next_posted_ = 0;
  }
  Run(std::move(task));
}

void ManualExecutor::RunTimer(TimerId id) {
  Task task = std::move(timers_.at(id).task);
  Cancel(id);
  Run(std::move(task));
}

void ManualExecutor::Run(Task task) {
  ManualExecutor* const outer = std::exchange(time_.running_, this);
  std::move(task)();
  time_.running_ = outer;
}

}  // namespace perdure
