#include "server/matching/queue_stats.h"

#include <algorithm>

#include "base/limits.h"
#include "server/matching/waiting_poll.h"

namespace perdure::server {
namespace {

constexpr absl::Duration kPollerMemory = absl::Minutes(5);
constexpr absl::Duration kForgetInterval = absl::Minutes(1);
constexpr double kDefaultRate = 100'000;  // the real server's, when a worker sets none

}  // namespace

void RateTracker::Add(absl::Duration now) {
  const int64_t number = IntervalOf(now);
  if (first_ < 0) first_ = number;
  Interval& interval = intervals_[static_cast<size_t>(number % kIntervals)];
  if (interval.number != number) interval = {number, 0};
  ++interval.count;
}

double RateTracker::PerSecond(absl::Duration now) const {
  if (first_ < 0) return 0;
  const int64_t current = IntervalOf(now);
  int64_t count = 0;
  for (const Interval& interval : intervals_) {
    if (interval.number > current - kIntervals) count += interval.count;
  }
  // The current interval has not passed whole, and a new queue has not seen all of them.
  const int64_t whole = std::min(kIntervals - 1, current - first_);
  const absl::Duration seen = whole * kInterval + (now - current * kInterval);
  return static_cast<double>(count) / std::max(1.0, absl::ToDoubleSeconds(seen));
}

void PollerHistory::Saw(const Poll& poll, absl::Time now) {
  last_access_ = now;
  if (now >= next_cleaning_) Forget(now);
  if (IdentityOf(poll).empty()) return;
  PollerInfo& info = pollers_[IdentityOf(poll)];
  info.last_access_time = now;
  info.identity = IdentityOf(poll);
  info.rate_per_second = kDefaultRate;
  if (const auto* workflow = std::get_if<WorkflowPoll>(&poll.poll)) {
    info.capabilities = workflow->request.worker_version_capabilities();
    info.deployment_options = workflow->request.deployment_options();
  } else if (const auto* activity = std::get_if<ActivityPoll>(&poll.poll)) {
    info.capabilities = activity->request.worker_version_capabilities();
    info.deployment_options = activity->request.deployment_options();
    if (activity->request.task_queue_metadata().has_max_tasks_per_second()) {
      info.rate_per_second = activity->request.task_queue_metadata().max_tasks_per_second().value();
    }
  }
  if (pollers_.size() > limits::kPollersShown) ForgetOldest();
}

void PollerHistory::ForgetOldest() {
  pollers_.erase(std::min_element(pollers_.begin(), pollers_.end(), [](const auto& a, const auto& b) {
    return a.second.last_access_time < b.second.last_access_time;
  }));
}

void PollerHistory::Forget(absl::Time now) {
  next_cleaning_ = now + kForgetInterval;
  for (auto poller = pollers_.begin(); poller != pollers_.end();) {
    poller =
        poller->second.last_access_time + kPollerMemory < now ? pollers_.erase(poller) : std::next(poller);
  }
}

std::vector<PollerInfo> PollerHistory::List() const {
  std::vector<PollerInfo> all;
  for (const auto& [identity, info] : pollers_) all.push_back(info);
  std::sort(all.begin(), all.end(),
            [](const PollerInfo& a, const PollerInfo& b) { return a.last_access_time > b.last_access_time; });
  return all;
}

}  // namespace perdure::server
