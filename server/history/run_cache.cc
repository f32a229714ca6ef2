#include "server/history/run_cache.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace perdure::server {

persistence::EntityKey RunCache::EntityKeyOf(const ResidentRun& run) {
  return {run.key.shard, run.namespace_id(), run.id(), run.key.kind};
}

RunPtr RunCache::Find(const persistence::RunKey& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second;
}

RunPtr RunCache::FindCurrent(const persistence::EntityKey& key) const {
  const auto found = current_.find(key);
  return found == current_.end() ? nullptr : found->second;
}

void RunCache::Insert(const RunPtr& run) {
  by_key_.emplace(run->key, run);
  Link(*run);
}

void RunCache::SetCurrent(const RunPtr& run) {
  RunPtr& current = current_[EntityKeyOf(*run)];
  if (current != nullptr && current != run) current->current = false;
  current = run;
  run->current = true;
}

void RunCache::Remove(const RunPtr& run) {
  if (run->dropped) return;
  run->dropped = true;
  Unlink(*run);
  const auto current = current_.find(EntityKeyOf(*run));
  if (current != current_.end() && current->second == run) current_.erase(current);
  by_key_.erase(run->key);
}

std::vector<RunPtr> RunCache::RemoveAll() {
  std::vector<RunPtr> all;
  all.reserve(by_key_.size());
  for (const Ordered* runs : {&open_, &closed_}) {
    for (ResidentRun* run : runs->order) {
      run->dropped = true;
      all.push_back(by_key_.at(run->key));
    }
  }
  by_key_.clear();
  current_.clear();
  open_ = {};
  closed_ = {};
  leaving_bytes_ = 0;
  return all;
}

void RunCache::Use(ResidentRun& run) {
  Unlink(run);
  Link(run);
}

void RunCache::Unlink(ResidentRun& run) {
  Ordered& runs = OrderOf(run);
  runs.order.erase(run.lru);
  runs.bytes -= run.counted_bytes;
  leaving_bytes_ -= std::exchange(run.leaving_bytes, 0);
}

void RunCache::Link(ResidentRun& run) {
  run.counted_bytes = sizeof(ResidentRun) + run.entity->ApproximateBytes() + run.tail.bytes();
  run.counted_open = run.IsOpen();
  Ordered& runs = OrderOf(run);
  runs.bytes += run.counted_bytes;
  run.lru = runs.order.insert(runs.order.end(), &run);
}

RunPtr RunCache::NextToLeave() const {
  if (!closed_.order.empty() && closed_.bytes > std::min(limits::kClosedResidentBytes, budget_)) {
    return by_key_.at(closed_.order.front()->key);
  }
  if (bytes() <= budget_) return nullptr;
  const Ordered& runs = open_.order.empty() ? closed_ : open_;
  return runs.order.empty() ? nullptr : by_key_.at(runs.order.front()->key);
}

void RunCache::MarkLeaving(ResidentRun& run) {
  Unlink(run);
  Ordered& runs = OrderOf(run);
  leaving_bytes_ += run.leaving_bytes = std::exchange(run.counted_bytes, 0);
  run.lru = runs.order.insert(runs.order.end(), &run);
}

}  // namespace perdure::server
