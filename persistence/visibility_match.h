// What a list filter means, evaluated on one row. SQL stores say the same in their own words
// (visibility_sql.h).
#pragma once

#include "persistence/visibility_query.h"

namespace perdure::persistence {

bool Matches(const RunKey& key, const ExecutionRow& row, const Filter& filter);
// The same of a query's filter and shard.
bool Matches(const RunKey& key, const ExecutionRow& row, const VisibilityQuery& query);

}  // namespace perdure::persistence
