// What a list filter means, evaluated on one row. SQL stores say the same in their own words
// (visibility_sql.h).
#pragma once

#include <vector>

#include "persistence/visibility_query.h"

namespace perdure::persistence {

bool Matches(const RunKey& key, const ExecutionRow& row, const std::vector<Condition>& conditions);

}  // namespace perdure::persistence
