// The search attributes that a list filter can name, and the values it compares them with.
// Pure functions; safe anywhere.
#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "persistence/visibility_query.h"
#include "server/visibility/filter_lexer.h"
#include "server/visibility/listed_kind.h"

namespace perdure::server {

// INVALID_ARGUMENT for an unknown name, UNIMPLEMENTED for what is not searched yet.
absl::StatusOr<SystemAttribute> FindFilterAttribute(const ListedKind& kind, const std::string& name,
                                                    absl::FunctionRef<bool(std::string_view)> is_custom);

// `value` is a string, an integer, a number or a name. INVALID_ARGUMENT for one of another type.
absl::StatusOr<persistence::Filter> CompareAttribute(const ListedKind& kind, const SystemAttribute& attribute,
                                                     persistence::Comparison comparison,
                                                     const FilterToken& value);

// A condition on whether the attribute is null.
persistence::Filter AttributeIsNull(const SystemAttribute& attribute, bool negated);

}  // namespace perdure::server
