// Lists and counts of the memory store. The rows to look at are gathered as of one moment, which is quick;
// the filter is asked of each without the store's mutex, so that no commit waits for it.
//
// Pure functions of immutable rows; safe anywhere. Errors: DEADLINE_EXCEEDED at limits::kListTime.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/executor.h"
#include "persistence/visibility_query.h"

namespace perdure::persistence {

using ExecutionRowPtr = std::shared_ptr<const ExecutionRow>;

struct ListedRow {
  RunKey key;
  ExecutionRowPtr row;  // never null
};

// `rows` are those of the query's namespace and kind behind its cursor, in the order of lists. `clock` tells
// how long it takes.
absl::StatusOr<VisibilityPage> ListOf(const std::vector<ListedRow>& rows, const VisibilityQuery& query,
                                      const Executor& clock);
absl::StatusOr<std::vector<CountGroup>> CountOf(const std::vector<ListedRow>& rows,
                                                const VisibilityQuery& query, const Executor& clock);

}  // namespace perdure::persistence
