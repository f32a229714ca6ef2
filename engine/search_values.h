// The values of search attributes, and the form in which they are searched: a set of entries, which are
// bytes. An entry begins with its attribute's name and type, and what follows orders as the values do, so
// that whatever a list filter asks of an attribute is whether an entry stands in a range. A store compares
// bytes and knows no type.
//
//   entry = length of the name (a byte), name, type (a letter), value
//
// The value of a text is one of its words (words.h), and of a list of keywords one of them. A text has an
// entry without a word besides, so that an empty one is not null.
//
// Pure functions; safe anywhere. Entries are stored for years: their form stays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/enums/v1/common.pb.h"

namespace perdure::engine {

// Text, keywords and the elements of their lists are strings.
using SearchValue = std::variant<std::string, int64_t, double, bool, absl::Time>;

// What a payload gives an attribute of the type: nothing where it unsets the attribute (null, an empty list),
// several values only in a list of keywords. Nullopt where it is not one of the type.
std::optional<std::vector<SearchValue>> SearchValuesOf(temporal::api::enums::v1::IndexedValueType type,
                                                       const temporal::api::common::v1::Payload& payload);

// The time that a text says, as values and filters write it (RFC 3339); nullopt where it says none.
std::optional<absl::Time> SearchTimeOf(const std::string& text);

// A payload's value as errors show it, cut short; nullopt where it holds no JSON, or goes deep.
std::optional<std::string> ShownSearchValue(const temporal::api::common::v1::Payload& payload);

// What the entries of an attribute begin with. A name is cut at the 255 bytes that none is longer than
// (limits::kSearchAttributeName).
std::string SearchEntryPrefix(std::string_view name, temporal::api::enums::v1::IndexedValueType type);

// What follows in the entry of a value. Times are compared as microseconds, and -0 is 0.
std::string SearchEntryValue(const SearchValue& value);

// All entries of what a run has, in order, each once. The type of an attribute is the one that its payload
// names (NameTypes); what has none is not searched.
std::vector<std::string> SearchEntriesOf(const temporal::api::common::v1::SearchAttributes& attributes);

}  // namespace perdure::engine
