// The wall clock for what counts and shows, and has no executor. What decides asks its Executor.
// Thread safety: any thread.
#pragma once

#include "absl/time/time.h"

namespace perdure {

absl::Time WallClock();

}  // namespace perdure
