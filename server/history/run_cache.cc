#include "server/history/run_cache.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
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
  PERDURE_CHECK(!run->place.dropped_ && !run->place.linked_, "a run comes into memory once");
  const bool added = by_key_.emplace(run->key, run).second;
  PERDURE_CHECK(added, "a run is in memory once");
  Link(*run);
}

void RunCache::SetCurrent(const RunPtr& run) {
  PERDURE_CHECK(Find(run->key) == run, "who holds an id is in memory");
  RunPtr& current = current_[EntityKeyOf(*run)];
  if (current != nullptr && current != run) LoseId(*current);
  current = run;
  run->place.current_ = true;
}

void RunCache::GiveUpId(ResidentRun& run) {
  LoseId(run);
  const auto current = current_.find(EntityKeyOf(run));
  if (current != current_.end() && current->second.get() == &run) current_.erase(current);
}

void RunCache::Outside(ResidentRun& run, bool holds_id) {
  PERDURE_CHECK(!run.place.linked_, "a run is in memory, or is not");
  run.place.dropped_ = true;
  run.place.current_ = holds_id;
}

void RunCache::Remove(const RunPtr& run) {
  if (run->place.dropped_) return;
  run->place.dropped_ = true;
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
      run->place.dropped_ = true;
      run->place.linked_ = false;
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
  CachePlace& place = run.place;
  Ordered& runs = OrderOf(run);
  PERDURE_CHECK(place.linked_, "only what has a place gives it up");
  PERDURE_CHECK(runs.bytes >= place.counted_bytes_ && leaving_bytes_ >= place.leaving_bytes_,
                "what was counted is taken off once");
  place.linked_ = false;
  runs.order.erase(place.lru_);
  runs.bytes -= place.counted_bytes_;
  leaving_bytes_ -= std::exchange(place.leaving_bytes_, 0);
}

void RunCache::Link(ResidentRun& run) {
  CachePlace& place = run.place;
  place.counted_bytes_ = sizeof(ResidentRun) + run.entity->ApproximateBytes() + run.tail.bytes();
  place.counted_open_ = run.IsOpen();
  Ordered& runs = OrderOf(run);
  runs.bytes += place.counted_bytes_;
  place.lru_ = runs.order.insert(runs.order.end(), &run);
  place.linked_ = true;
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
  CachePlace& place = run.place;
  leaving_bytes_ += place.leaving_bytes_ = std::exchange(place.counted_bytes_, 0);
  place.lru_ = runs.order.insert(runs.order.end(), &run);
  place.linked_ = true;
}

}  // namespace perdure::server
