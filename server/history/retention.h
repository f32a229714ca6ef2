// Removes runs from the store: those whose row says that they may go, and what a removal that was cut short
// has left. Nothing is loaded for it. A commit takes a bounded part (limits::kRemovedRows and kRemovedBytes,
// and less while commits are slow, as what clients wait for is in the same ones), so a long run goes in
// several; with the first it is gone for everybody, and its wakes go with the last, so that after a crash the
// rest is found again.
//
// Not thread-safe: lives on one executor, and is destroyed on it or after its end.
// Invariant: a run that is being removed is neither in memory nor being loaded.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "persistence/store.h"
#include "server/history/batcher.h"
#include "server/history/known_wakes.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class Retention {
 public:
  // What a commit may remove is halved by each one that took so long, so many times at most, and doubled by
  // each that took three quarters of that or less. It is whole while more than kBehind runs wait: a store
  // that is slow whatever is removed would grow without end.
  static constexpr absl::Duration kSlowCommit = absl::Milliseconds(200);
  static constexpr int kHalvings = 4;
  static constexpr size_t kBehind = 1000;

  // Called once: OK when the run is gone for everybody, durably.
  using Gone = absl::AnyInvocable<void(const absl::Status&) &&>;

  // `waiting` shows how many runs are being removed. Both outlive this object's use.
  Retention(Batcher& batcher, Gauge& waiting) : batcher_(batcher), waiting_(waiting) {}

  // REQUIRES: the run is not being removed already.
  void Remove(const persistence::RunKey& run, const persistence::RunSize& size, KnownWakes wakes, Gone gone);

  bool IsRemoving(const persistence::RunKey& run) const { return removals_.contains(run); }
  // REQUIRES, as the next: IsRemoving(run).
  void WhenGone(const persistence::RunKey& run, Gone gone);
  // Another wake of the run was read: it goes as well.
  void Suspect(const persistence::RunKey& run, absl::Time at);
  size_t removals() const { return removals_.size(); }

  // Nothing more is removed, and who waits gets `status`. Parts that are committed already may land.
  void Abandon(const absl::Status& status);

 private:
  struct Removal {
    int64_t parts = 1;
    int64_t events_a_part = 0;
    size_t rows_a_part = 1;
    size_t bytes_a_part = 0;
    int64_t landed = 0;
    bool last_under_way = false;  // with the wakes that were known
    KnownWakes wakes;
    std::vector<Gone> waiting;
  };

  Removal Divide(const persistence::RunSize& size) const;
  size_t RowsACommit() const;
  size_t BytesACommit() const;
  int Halvings() const { return removals_.size() > kBehind ? 0 : halvings_; }
  void Adapt(absl::Duration commit_took);
  void RemoveMore();
  void AddPart(const persistence::RunKey& run, Removal& removal);
  void OnPart(const persistence::RunKey& run, const absl::Status& durable);

  Batcher& batcher_;
  Gauge& waiting_;
  absl::btree_map<persistence::RunKey, Removal> removals_;
  std::deque<persistence::RunKey> next_;  // those without a part under way
  size_t parts_under_way_ = 0;
  int halvings_ = 0;
};

}  // namespace perdure::server
