#include "server/matching/waiting_poll.h"

#include <algorithm>

#include "base/limits.h"
#include "temporal/api/enums/v1/task_queue.pb.h"

namespace perdure::server {

const std::string& IdentityOf(const Poll& poll) {
  if (const auto* workflow = std::get_if<WorkflowPoll>(&poll.poll)) return workflow->request.identity();
  if (const auto* activity = std::get_if<ActivityPoll>(&poll.poll)) return activity->request.identity();
  return std::get<NexusPoll>(poll.poll).identity;
}

bool IsSticky(const Poll& poll) {
  const auto* workflow = std::get_if<WorkflowPoll>(&poll.poll);
  return workflow != nullptr &&
         workflow->request.task_queue().kind() == temporal::api::enums::v1::TASK_QUEUE_KIND_STICKY;
}

bool PollTable::Add(const PollPtr& poll) {
  const MutexLock lock(mutex_);
  if (polls_.size() >= limits::kPolls) return false;
  polls_.emplace(poll->id, poll);
  waiting_.Set(static_cast<double>(polls_.size()));
  return true;
}

bool PollTable::Claim(uint64_t id) {
  const MutexLock lock(mutex_);
  if (polls_.erase(id) == 0) return false;
  waiting_.Set(static_cast<double>(polls_.size()));
  return true;
}

std::vector<PollPtr> PollTable::All() {
  std::vector<PollPtr> all;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, poll] : polls_) all.push_back(poll);
  }
  std::sort(all.begin(), all.end(), [](const PollPtr& a, const PollPtr& b) { return a->id < b->id; });
  return all;
}

PollPtr PollTable::MarkGone(uint64_t id) {
  const MutexLock lock(mutex_);
  const auto found = polls_.find(id);
  if (found == polls_.end()) return nullptr;
  found->second->gone = true;
  return found->second;
}

}  // namespace perdure::server
