#include "server/history/retention.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "server/history/run_cache.h"

namespace perdure::server {

using persistence::Deletion;
using persistence::RunKey;
using persistence::RunSize;

namespace {

// A run's execution and snapshot rows, and its wake.
constexpr int64_t kRowsBesides = 3;

int64_t DivideUp(int64_t total, int64_t part) { return (total + part - 1) / part; }

}  // namespace

// By events, because the store finds a row by its first event; rows and bytes are taken to be spread evenly.
Retention::Removal Retention::Divide(const RunSize& size) const {
  const int64_t events = std::max<int64_t>(size.last_event_id, 1);
  const int64_t rows = size.rows > 0 ? size.rows : events;
  const int64_t bytes = std::max<int64_t>(size.bytes, 0);
  Removal removal;
  removal.parts = std::max(DivideUp(rows, static_cast<int64_t>(RowsACommit())),
                           DivideUp(bytes, static_cast<int64_t>(BytesACommit())));
  removal.parts = std::clamp<int64_t>(removal.parts, 1, events);
  removal.events_a_part = DivideUp(events, removal.parts);
  removal.rows_a_part = static_cast<size_t>(DivideUp(rows, removal.parts) + kRowsBesides);
  removal.bytes_a_part = static_cast<size_t>(DivideUp(bytes, removal.parts));
  return removal;
}

size_t Retention::RowsACommit() const { return limits::kRemovedRows >> Halvings(); }

size_t Retention::BytesACommit() const { return limits::kRemovedBytes >> Halvings(); }

void Retention::Adapt(absl::Duration commit_took) {
  if (commit_took >= kSlowCommit) {
    halvings_ = std::min(halvings_ + 1, kHalvings);
  } else if (commit_took <= kSlowCommit * 3 / 4) {
    halvings_ = std::max(halvings_ - 1, 0);
  }
}

void Retention::Remove(const RunKey& run, const RunSize& size, KnownWakes wakes, Gone gone) {
  const auto [place, added] = removals_.emplace(run, Divide(size));
  PERDURE_CHECK(added, "a run is removed once");
  place->second.wakes = std::move(wakes);
  place->second.waiting.push_back(std::move(gone));
  next_.push_back(run);
  RemoveMore();
}

void Retention::WhenGone(const RunKey& run, Gone gone) {
  Removal& removal = removals_.at(run);
  if (removal.landed > 0) {
    std::move(gone)(absl::OkStatus());
  } else {
    removal.waiting.push_back(std::move(gone));
  }
}

void Retention::Suspect(const RunKey& run, absl::Time at) {
  Removal& removal = removals_.at(run);
  removal.wakes.Suspect(at);
  if (std::exchange(removal.last_under_way, false)) ++removal.parts;  // of this wake alone
}

void Retention::RemoveMore() {
  waiting_.Set(static_cast<double>(removals_.size()));
  if (parts_under_way_ > 0) return;
  size_t rows = 0;
  size_t bytes = 0;
  while (!next_.empty()) {
    const RunKey run = next_.front();
    Removal& removal = removals_.at(run);
    rows += removal.rows_a_part;
    bytes += removal.bytes_a_part;
    if (parts_under_way_ > 0 && (rows > RowsACommit() || bytes > BytesACommit())) return;
    next_.pop_front();
    AddPart(run, removal);
  }
}

void Retention::AddPart(const RunKey& run, Removal& removal) {
  const auto part = std::make_shared<ResidentRun>();
  part->key = run;
  RunCache::Outside(*part, false);
  Deletion& removes = part->next_write.removes.emplace();
  removes.from_event_id = removal.landed == 0 ? 0 : removal.landed * removal.events_a_part + 1;
  if (removal.landed + 1 < removal.parts) {
    removes.below_event_id = (removal.landed + 1) * removal.events_a_part + 1;
  } else {
    part->wakes.known = removal.wakes;
    removal.last_under_way = true;
  }
  ++parts_under_way_;
  batcher_.Add(part, removal.rows_a_part, removal.bytes_a_part);
  Batcher::WhenDurable(*part, [this, run](const absl::Status& durable) { OnPart(run, durable); });
}

void Retention::OnPart(const RunKey& run, const absl::Status& durable) {
  const auto found = removals_.find(run);
  if (found == removals_.end()) return;  // abandoned
  if (--parts_under_way_ == 0) Adapt(batcher_.last_commit_took());
  Removal& removal = found->second;
  std::vector<Gone> waiting = std::exchange(removal.waiting, {});
  if (durable.ok() && ++removal.landed < removal.parts) {
    next_.push_front(run);  // what is begun is ended first
  } else {
    removals_.erase(found);
  }
  RemoveMore();
  for (Gone& gone : waiting) std::move(gone)(durable);
}

void Retention::Abandon(const absl::Status& status) {
  auto removals = std::exchange(removals_, {});
  next_.clear();
  parts_under_way_ = 0;
  waiting_.Set(0);
  for (auto& [run, removal] : removals) {
    for (Gone& gone : removal.waiting) std::move(gone)(status);
  }
}

}  // namespace perdure::server
