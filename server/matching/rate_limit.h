// How fast a queue's tasks may go, as the newest of its polls says (max_tasks_per_second): a bucket of
// tokens, one a task, that fills at the rate and holds a second's worth. What was taken under one rate is no
// debt under the next: tokens are kept at a change, times are not. Not thread-safe: belongs to its queue.
// Times are the monotonic clock's.
#pragma once

#include <optional>

#include "absl/time/time.h"

namespace perdure::server {

class RateLimit {
 public:
  // Tasks a second; nullopt: no limit, 0, or next to nothing: none may go. REQUIRES: neither negative nor
  // NaN. An infinite rate is no limit.
  void Set(std::optional<double> per_second, absl::Duration now);
  std::optional<double> per_second() const { return rate_; }

  // How long no task may go: zero when one may, infinite when only another rate can help.
  absl::Duration Wait(absl::Duration now) const;
  // REQUIRES: Wait(now) is zero.
  void Take(absl::Duration now);

 private:
  static double Capacity(double rate);
  double TokensAt(absl::Duration now) const;

  std::optional<double> rate_;
  // Of a queue with a limit alone: how many there were, and when.
  double tokens_ = 0;
  absl::Duration counted_;
};

}  // namespace perdure::server
