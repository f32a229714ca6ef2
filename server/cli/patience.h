// Waiting for a database that does not answer yet, on threads that are no executor's.
#pragma once

#include <algorithm>

#include "absl/time/time.h"
#include "base/notification.h"

namespace perdure::server {

// The pauses between attempts: each is twice as long as the one before, up to five seconds.
class Patience {
 public:
  void Pause() {
    Notification never;
    never.WaitForNotificationWithTimeout(next_);
    next_ = std::min(2 * next_, absl::Seconds(5));
  }

 private:
  absl::Duration next_ = absl::Milliseconds(250);
};

// Calls `attempt` until it answers anything but UNAVAILABLE; `failed` is told each such status.
template <typename Attempt, typename Failed>
auto UntilAvailable(Attempt attempt, Failed failed) -> decltype(attempt()) {
  Patience patience;
  for (;;) {
    auto result = attempt();
    if (!absl::IsUnavailable(result.status())) return result;
    failed(result.status());
    patience.Pause();
  }
}

}  // namespace perdure::server
