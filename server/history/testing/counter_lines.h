// The text of a counter's records and snapshots: a verb and what it needs, joined by blanks, so ids have
// none; a record is one line, a snapshot several. Pure functions; safe anywhere. A line that no counter wrote
// is a broken invariant, as tests alone write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "server/history/testing/counter_kind.h"

namespace perdure::server::testing {

std::string Micros(absl::Time time);
int64_t LineNumber(std::string_view text);
Uuid LineId(std::string_view text);

// The line that a run begins with.
std::string StartLine(const CounterState& state);
void FoldLine(const std::string& line, CounterState& state);

std::string SnapshotText(const CounterState& state);
// DATA_LOSS for what is no snapshot of a counter.
absl::StatusOr<CounterState> StateOfSnapshot(std::string_view snapshot);

}  // namespace perdure::server::testing
