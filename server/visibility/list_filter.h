// The list filter of the API: a condition in SQL's words over a run's search attributes. What is understood
// here is a conjunction of comparisons on WorkflowId, RunId, WorkflowType, ExecutionStatus, StartTime and
// CloseTime (=, !=, <, <=,
// >, >=, BETWEEN, STARTS_WITH, IS [NOT] NULL of CloseTime), with AND and parentheses, and for counts GROUP BY
// ExecutionStatus. Everything else of the real server's grammar is refused by name.
//
// Pure functions; safe anywhere. Takes any bytes.
#pragma once

#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "persistence/visibility_query.h"

namespace perdure::server {

struct ListFilter {
  std::vector<persistence::Condition> conditions;
  bool group_by_status = false;
};

// INVALID_ARGUMENT in the real server's words. `is_custom` tells whether a name is a custom search
// attribute's.
absl::StatusOr<ListFilter> ParseListFilter(std::string_view text,
                                           absl::FunctionRef<bool(std::string_view)> is_custom);

}  // namespace perdure::server
