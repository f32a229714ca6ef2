#include "server/matching/task_queue.h"

#include <algorithm>
#include <cmath>

namespace perdure::server {

TaskQueue::Added TaskQueue::Add(HeldTask task) {
  if (places_.contains(IdentityOf(task.task))) return Added::kKnown;
  if (room() == 0) return Added::kFull;
  PutBack(std::move(task));
  return Added::kYes;
}

void TaskQueue::PutBack(HeldTask task) {
  const Place place{task.task.dispatch.priority_key, task.order};
  if (!places_.emplace(IdentityOf(task.task), place).second) return;  // its owner offered it again meanwhile
  tasks_.emplace(place, std::move(task));
}

bool TaskQueue::Remove(const Task& task) {
  const auto place = places_.find(IdentityOf(task));
  if (place == places_.end()) return false;
  tasks_.erase(place->second);
  places_.erase(place);
  return true;
}

HeldTask TaskQueue::TakeTask() {
  const auto first = tasks_.begin();
  HeldTask task = std::move(first->second);
  tasks_.erase(first);
  places_.erase(IdentityOf(task.task));
  return task;
}

std::optional<absl::Time> TaskQueue::OldestTask() const {
  // The oldest of each priority comes first in it; there are few priorities.
  std::optional<absl::Time> oldest;
  for (auto task = tasks_.begin(); task != tasks_.end();
       task = tasks_.lower_bound(Place{task->first.first + 1, 0})) {
    oldest = std::min(oldest.value_or(absl::InfiniteFuture()), task->second.since);
  }
  return oldest;
}

PollPtr TaskQueue::TakePoll() {
  const auto first = polls_.begin();
  PollPtr poll = std::move(first->second);
  polls_.erase(first);
  return poll;
}

absl::Duration TaskQueue::RateWait(absl::Duration now) const {
  if (rate_ <= 0) return absl::ZeroDuration();
  const absl::Duration burst = absl::Seconds(std::max(1.0, std::ceil(rate_)) / rate_);
  return std::max(absl::ZeroDuration(), rate_used_up_ + absl::Seconds(1 / rate_) - burst - now);
}

void TaskQueue::CountAgainstRate(absl::Duration now) {
  if (rate_ > 0) rate_used_up_ = std::max(rate_used_up_, now) + absl::Seconds(1 / rate_);
}

void TaskQueue::SetKept(TaskOwner* owner, size_t tasks) {
  const auto known =
      std::find_if(owners_.begin(), owners_.end(), [&](const Owner& o) { return o.owner == owner; });
  if (tasks == 0) {
    if (known != owners_.end()) owners_.erase(known);
  } else if (known != owners_.end()) {
    *known = {owner, tasks, false};
  } else {
    owners_.push_back({owner, tasks, false});
  }
}

size_t TaskQueue::Kept() const {
  size_t kept = 0;
  for (const Owner& owner : owners_) kept += owner.kept;
  return kept;
}

}  // namespace perdure::server
