// The search attributes of the API: their types, and what a client may set them to.
// Pure functions; safe anywhere.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "server/frontend/frontend.h"
#include "temporal/api/command/v1/message.pb.h"
#include "temporal/api/common/v1/message.pb.h"

namespace perdure::server {

// The type of a custom search attribute, or of a built-in one that clients may set.
std::optional<temporal::api::enums::v1::IndexedValueType> SettableType(const SearchAttributeTypes& custom,
                                                                       std::string_view name);

// Checks names, values and sizes, and notes each attribute's type in its payload, as clients read it back.
absl::Status NormalizeSearchAttributes(const SearchAttributeTypes& custom, std::string_view name_space,
                                       temporal::api::common::v1::SearchAttributes& attributes);

// Notes the types in the payloads of commands that upsert search attributes. What is wrong with them is for
// the engine to say: it fails the workflow task.
void NameTypesOfUpserts(const SearchAttributeTypes& custom,
                        google::protobuf::RepeatedPtrField<temporal::api::command::v1::Command>& commands);

}  // namespace perdure::server
