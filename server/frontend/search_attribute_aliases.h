// Custom search attributes by the names that the real server gives the columns behind them: "Keyword02" is
// the second column of keywords, and its alias is the attribute's name. This server has no such columns; it
// keeps the pairs, because clients see and set them in a namespace's configuration.
//
// Pure functions; safe anywhere.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/map.h"
#include "perdure/namespace.pb.h"
#include "temporal/api/enums/v1/common.pb.h"

namespace perdure::server {

// Gives the attribute the first column of its type that has no alias.
void AssignAlias(const std::string& attribute, temporal::api::enums::v1::IndexedValueType type,
                 NamespaceRecord& record);
void RemoveAlias(const std::string& attribute, NamespaceRecord& record);

// What UpdateNamespace does with `upsert` (columns to aliases): an empty alias removes the attribute, an
// alias that there is already is passed over, and a column that has another is INVALID_ARGUMENT. A column of
// no known type keeps its alias and makes no attribute.
absl::Status UpsertAliases(const google::protobuf::Map<std::string, std::string>& upsert,
                           NamespaceRecord& record);

}  // namespace perdure::server
