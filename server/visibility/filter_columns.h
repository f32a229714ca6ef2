// The search attributes that a list filter can name, and the values it compares them with.
// Pure functions; safe anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "persistence/visibility_query.h"
#include "server/visibility/filter_lexer.h"
#include "temporal/api/enums/v1/common.pb.h"

namespace perdure::server {

// Values of temporal.api.enums.v1.WorkflowExecutionStatus.
inline constexpr int64_t kRunning = 1;

// "Running" for WORKFLOW_EXECUTION_STATUS_RUNNING: how filters and groups write a status. Empty for one that
// is unknown.
std::string_view StatusName(int64_t status);

// How a filter that names the attribute is answered.
enum class Searched {
  kColumn,  // by a column
  kNever,   // no run has it, as what would give it one is not built
  kNotYet,  // not at all: its values are kept, but not searched
};

struct SystemAttribute {
  std::string_view name;
  temporal::api::enums::v1::IndexedValueType type;
  Searched searched;
  persistence::Column column{};  // of kColumn
};

// Those that are not custom; by name.
std::span<const SystemAttribute> SystemAttributes();

// INVALID_ARGUMENT for an unknown name, UNIMPLEMENTED for what is not searched yet.
absl::StatusOr<SystemAttribute> FindFilterAttribute(const std::string& name,
                                                    absl::FunctionRef<bool(std::string_view)> is_custom);

// `value` is a string, an integer, a number or a name. INVALID_ARGUMENT for one of another type.
absl::StatusOr<persistence::Filter> CompareAttribute(const SystemAttribute& attribute,
                                                     persistence::Comparison comparison,
                                                     const FilterToken& value);

// Whether it is null, or is not.
persistence::Filter AttributeIsNull(const SystemAttribute& attribute, bool negated);

}  // namespace perdure::server
