// What a task queue remembers for those who watch it: who polled lately, and how fast tasks come and go.
// Not thread-safe: belongs to its queue. Times are the monotonic clock's, unless said otherwise.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "server/matching/matching.h"

namespace perdure::server {

// Events a second over the last half minute, in intervals of five seconds.
class RateTracker {
 public:
  void Add(absl::Duration now);
  double PerSecond(absl::Duration now) const;

 private:
  static constexpr int64_t kIntervals = 6;
  static constexpr absl::Duration kInterval = absl::Seconds(5);
  static int64_t IntervalOf(absl::Duration now) {
    return absl::ToInt64Seconds(now) / absl::ToInt64Seconds(kInterval);
  }

  struct Interval {
    int64_t number = -1;
    int64_t count = 0;
  };
  std::array<Interval, kIntervals> intervals_;
  int64_t first_ = -1;
};

// Pollers seen in the last five minutes: the latest limits::kPollersShown of them, by identity. Polls without
// an identity are no poller that could be shown, but somebody was there.
class PollerHistory {
 public:
  // `now` is the wall clock's here and below.
  void Saw(const Poll& poll, absl::Time now);
  void Forget(absl::Time now);
  std::vector<PollerInfo> List() const;  // the latest first
  size_t size() const { return pollers_.size(); }
  bool SawAnyoneSince(absl::Time since) const { return last_access_ >= since; }
  absl::Time last_access() const { return last_access_; }

 private:
  void ForgetOldest();

  absl::btree_map<std::string, PollerInfo> pollers_;  // by identity
  absl::Time last_access_ = absl::InfinitePast();
  absl::Time next_cleaning_ = absl::InfinitePast();
};

}  // namespace perdure::server
