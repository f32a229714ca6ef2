#include "base/wall_clock.h"

#include "absl/time/clock.h"

namespace perdure {

absl::Time WallClock() { return absl::Now(); }

}  // namespace perdure
