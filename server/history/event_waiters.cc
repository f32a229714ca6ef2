#include "server/history/event_waiters.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "server/history/admission.h"

namespace perdure::server {

using persistence::RunKey;

void EventWaiters::Add(uint64_t id, const RunKey& run, int64_t from_event_id, absl::Duration max_wait,
                       Answer done) {
  if (by_id_.size() >= limits::kEventWaiters) {
    std::move(done)(Overloaded("too many calls wait for events"));
    return;
  }
  Waiter& waiter = by_id_[id];
  waiter.run = run;
  waiter.from_event_id = from_event_id;
  waiter.done = std::move(done);
  waiter.timer = executor_.RunAfter(max_wait, [this, id] {
    const RunKey key = by_id_.at(id).run;
    expired_(key, TakeOne(id));
  });
  by_run_[run].push_back(id);
  waiting_.Set(static_cast<double>(by_id_.size()));
}

void EventWaiters::Cancel(uint64_t id) {
  if (by_id_.contains(id)) TakeOne(id)(absl::CancelledError("the wait for events was called off"));
}

EventWaiters::Answer EventWaiters::TakeOne(uint64_t id) {
  const auto others = by_run_.find(by_id_.at(id).run);
  std::erase(others->second, id);
  if (others->second.empty()) by_run_.erase(others);
  return Take(id);
}

EventWaiters::Answer EventWaiters::Take(uint64_t id) {
  const auto found = by_id_.find(id);
  executor_.Cancel(found->second.timer);
  Answer done = std::move(found->second.done);
  by_id_.erase(found);
  waiting_.Set(static_cast<double>(by_id_.size()));
  return done;
}

std::vector<EventWaiters::Answer> EventWaiters::TakeReady(const RunKey& run, bool open,
                                                          int64_t next_event_id) {
  std::vector<Answer> ready;
  if (by_id_.empty()) return ready;
  const auto found = by_run_.find(run);
  if (found == by_run_.end()) return ready;
  std::vector<uint64_t> rest;
  for (const uint64_t id : found->second) {
    if (!open || by_id_.at(id).from_event_id < next_event_id) {
      ready.push_back(Take(id));
    } else {
      rest.push_back(id);
    }
  }
  if (rest.empty()) {
    by_run_.erase(found);
  } else {
    found->second = std::move(rest);
  }
  return ready;
}

std::vector<EventWaiters::Waiting> EventWaiters::TakeAll() {
  std::vector<Waiting> all;
  by_run_.clear();
  while (!by_id_.empty()) {
    const RunKey run = by_id_.begin()->second.run;
    const uint64_t id = by_id_.begin()->first;
    all.push_back({run, Take(id)});
  }
  return all;
}

}  // namespace perdure::server
