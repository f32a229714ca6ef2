// The search attributes that a list filter can name, and the values it compares them with.
// Pure functions; safe anywhere.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "engine/search_attributes.h"
#include "persistence/visibility_query.h"
#include "server/visibility/filter_parser.h"
#include "server/visibility/listed_kind.h"

namespace perdure::server {

// One of the kind's, or of the namespace's custom ones; it refers to `name`. INVALID_ARGUMENT for an unknown
// name, UNIMPLEMENTED for what is not searched yet.
absl::StatusOr<SystemAttribute> FindFilterAttribute(const ListedKind& kind, const std::string& name,
                                                    const engine::SearchAttributeTypes& custom);

// `leaf` is a comparison with a value: a string, an integer, a number or a name. INVALID_ARGUMENT for one of
// another type.
absl::StatusOr<persistence::Filter> CompareAttribute(const ListedKind& kind, const SystemAttribute& attribute,
                                                     const FilterTree& leaf);

// A condition on whether the attribute is null.
persistence::Filter AttributeIsNull(const SystemAttribute& attribute, bool negated);

}  // namespace perdure::server
