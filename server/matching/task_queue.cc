#include "server/matching/task_queue.h"

#include <algorithm>

namespace perdure::server {

TaskQueue::Added TaskQueue::Add(HeldTask task) {
  if (places_.contains(IdentityOf(task.task))) return Added::kKnown;
  if (room() == 0) return Added::kFull;
  PutBack(std::move(task));
  return Added::kYes;
}

void TaskQueue::PutBack(HeldTask task) {
  const Place place{task.task.dispatch.priority_key, task.order};
  const auto [known, is_new] = places_.emplace(IdentityOf(task.task), place);
  if (!is_new) {  // its owner offered it again meanwhile
    // An attempt that was refused says nothing of another that may have been recorded.
    if (!task.request_id.empty()) tasks_.at(known->second).request_id = std::move(task.request_id);
    return;
  }
  tasks_.emplace(place, std::move(task));
  Count();
}

bool TaskQueue::Remove(const Task& task) {
  const auto place = places_.find(IdentityOf(task));
  if (place == places_.end()) return false;
  tasks_.erase(place->second);
  places_.erase(place);
  Count();
  return true;
}

HeldTask TaskQueue::TakeTask() {
  const auto first = tasks_.begin();
  HeldTask task = std::move(first->second);
  tasks_.erase(first);
  places_.erase(IdentityOf(task.task));
  Count();
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

void TaskQueue::Add(const QueryPtr& query) {
  queries_.emplace(Place{query->task.priority_key, query->order}, query);
  query->in_queue = true;
}

void TaskQueue::Remove(const QueryPtr& query) {
  queries_.erase(Place{query->task.priority_key, query->order});
  query->in_queue = false;
}

QueryPtr TaskQueue::TakeQuery() {
  QueryPtr query = queries_.begin()->second;
  Remove(query);
  return query;
}

PollPtr TaskQueue::TakePoll() {
  const auto first = polls_.begin();
  PollPtr poll = std::move(first->second);
  polls_.erase(first);
  return poll;
}

void TaskQueue::SetKept(OwnerId owner, size_t tasks) {
  const auto known =
      std::find_if(owners_.begin(), owners_.end(), [&](const Owner& o) { return o.owner == owner; });
  if (tasks == 0) {
    if (known != owners_.end()) owners_.erase(known);
  } else if (known != owners_.end()) {
    *known = {owner, tasks};
  } else {
    owners_.push_back({owner, tasks});
  }
  Count();
}

void TaskQueue::ForgetSilentOwners(absl::Duration told_before) {
  std::erase_if(owners_,
                [told_before](const Owner& owner) { return owner.told && *owner.told <= told_before; });
  Count();
}

void TaskQueue::Count() {
  size_t backlog = tasks_.size();
  for (const Owner& owner : owners_) backlog += owner.kept;
  *backlog_ = backlog;
}

}  // namespace perdure::server
