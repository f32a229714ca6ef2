// The search attributes of the API: their types, and what a client may set them to.
// Pure functions; safe anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "temporal/api/command/v1/message.pb.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/enums/v1/common.pb.h"

namespace perdure::engine {

// Custom search attributes by name.
using SearchAttributeTypes = absl::flat_hash_map<std::string, temporal::api::enums::v1::IndexedValueType>;

// "KeywordList" for INDEXED_VALUE_TYPE_KEYWORD_LIST, and back: "Unspecified" and
// INDEXED_VALUE_TYPE_UNSPECIFIED for one that is none.
std::string_view SearchAttributeTypeName(temporal::api::enums::v1::IndexedValueType type);
temporal::api::enums::v1::IndexedValueType SearchAttributeTypeOf(std::string_view name);

// Whether it is one of the system's own.
bool IsSystemAttribute(std::string_view name);
// Whether a custom search attribute may not have the name: the system's own attributes have it, or may.
bool IsReservedName(std::string_view name);

// The type of a custom search attribute, or of a built-in one that clients may set.
std::optional<temporal::api::enums::v1::IndexedValueType> SettableType(const SearchAttributeTypes& custom,
                                                                       std::string_view name);

// INVALID_ARGUMENT for a name that is not known. Part of CheckSearchAttributes.
absl::Status CheckSearchAttributeNames(const SearchAttributeTypes& custom, std::string_view name_space,
                                       const temporal::api::common::v1::SearchAttributes& attributes);

// INVALID_ARGUMENT for a name that is not known or not to be set, a value of another type, or too many. A
// value that is too large is not read, and passes: CheckSearchAttributeSizes must follow, and refuses it.
absl::Status CheckSearchAttributes(const SearchAttributeTypes& custom, std::string_view name_space,
                                   const temporal::api::common::v1::SearchAttributes& attributes);

// INVALID_ARGUMENT for values that are too large, each or together, or that have too many words to be
// searched by. REQUIRES, for the last: NameTypes.
absl::Status CheckSearchAttributeSizes(const temporal::api::common::v1::SearchAttributes& attributes);

// Both checks, and NameTypes.
absl::Status NormalizeSearchAttributes(const SearchAttributeTypes& custom, std::string_view name_space,
                                       temporal::api::common::v1::SearchAttributes& attributes);

// Notes each attribute's type in its payload: clients read it back, and by it the value is searched
// (search_values.h).
void NameTypes(const SearchAttributeTypes& custom, temporal::api::common::v1::SearchAttributes& attributes);
// The same in commands that upsert search attributes.
void NameTypesOfUpserts(const SearchAttributeTypes& custom,
                        google::protobuf::RepeatedPtrField<temporal::api::command::v1::Command>& commands);

}  // namespace perdure::engine
