// When something of a run is due, and which of two that are due at one moment goes first.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <tuple>

#include "absl/time/time.h"

namespace perdure::engine::workflow {

struct Deadline {
  absl::Time at;
  // The event from which the time is counted, or kAfterEvents. All events of one step carry one time, while
  // in the real server each is a little later than the one before: so the earlier one's deadline comes first.
  int64_t since = 0;

  friend bool operator<(const Deadline& a, const Deadline& b) {
    return std::tie(a.at, a.since) < std::tie(b.at, b.since);
  }
};

// Counted from the start of a task, which comes after every event of the step that it belongs to.
inline constexpr int64_t kAfterEvents = std::numeric_limits<int64_t>::max();

inline void TakeEarlier(const Deadline& deadline, std::optional<Deadline>& earliest) {
  if (!earliest.has_value() || deadline < *earliest) earliest = deadline;
}

}  // namespace perdure::engine::workflow
