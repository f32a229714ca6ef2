// The columns that a list filter can compare, and the values it compares them with.
// Pure functions; safe anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "persistence/visibility_query.h"
#include "server/visibility/filter_lexer.h"

namespace perdure::server {

// Values of temporal.api.enums.v1.WorkflowExecutionStatus.
inline constexpr int64_t kRunning = 1;
inline constexpr int64_t kNoStatus = 0;  // no run has it

// "Running" for WORKFLOW_EXECUTION_STATUS_RUNNING: how filters and groups write a status. Empty for one that
// is unknown.
std::string_view StatusName(int64_t status);

absl::StatusOr<persistence::Column> FindFilterColumn(const std::string& name,
                                                     absl::FunctionRef<bool(std::string_view)> is_custom);

// `value` is a string, an integer or a number.
absl::StatusOr<persistence::Condition> MakeCondition(const std::string& name, persistence::Column column,
                                                     persistence::Comparison comparison,
                                                     const FilterToken& value);

}  // namespace perdure::server
