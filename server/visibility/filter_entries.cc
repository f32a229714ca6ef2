#include "server/visibility/filter_entries.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/search_attributes.h"
#include "engine/search_values.h"
#include "engine/words.h"
#include "server/visibility/filter_values.h"

namespace perdure::server {
namespace {

using engine::SearchValue;
using persistence::Column;
using persistence::Comparison;
using persistence::EntryRange;
using persistence::Filter;
using Kind = FilterToken::Kind;
namespace enums = temporal::api::enums::v1;

Filter Has(EntryRange range) { return Filter::Of({Column::kEntries, Comparison::kEqual, std::move(range)}); }
Filter HasNone(EntryRange range) {
  return Filter::Of({Column::kEntries, Comparison::kNotEqual, std::move(range)});
}

std::string PrefixOf(const SystemAttribute& attribute) {
  return engine::SearchEntryPrefix(attribute.name, attribute.type);
}

std::string_view TypeOf(const SystemAttribute& attribute) {
  return engine::SearchAttributeTypeName(attribute.type);
}

absl::Status WrongType(const SystemAttribute& attribute, const FilterToken& value) {
  return InvalidValueType(attribute.name, TypeOf(attribute), value);
}

absl::Status NotSupported(const SystemAttribute& attribute, std::string_view sign) {
  return UnsupportedInFilter(fmt::format("operator '{}' not supported for {} type search attribute '{}'",
                                         sign, TypeOf(attribute), Shown(attribute.name)));
}

// As errors write it.
std::string_view SignOf(const FilterTree& leaf) {
  if (!leaf.written.empty()) return leaf.written;
  switch (leaf.comparison) {
    case Comparison::kEqual:
      return "=";
    case Comparison::kNotEqual:
      return "!=";
    case Comparison::kLess:
      return "<";
    case Comparison::kLessOrEqual:
      return "<=";
    case Comparison::kGreater:
      return ">";
    case Comparison::kGreaterOrEqual:
      return ">=";
    case Comparison::kStartsWith:
      return "STARTS_WITH";
    case Comparison::kNotStartsWith:
      return "NOT STARTS_WITH";
    case Comparison::kIsNull:
    case Comparison::kIsNotNull:
      break;
  }
  PERDURE_CHECK(false, "a comparison with a value");
}

// Of an attribute that has one value at most: a run without one satisfies nothing.
absl::StatusOr<Filter> OnOneValue(const SystemAttribute& attribute, const FilterTree& leaf,
                                  const SearchValue& value) {
  const std::string first = PrefixOf(attribute);
  const std::string entry = first + engine::SearchEntryValue(value);
  const EntryRange every = EntryRange::StartingWith(first);
  switch (leaf.comparison) {
    case Comparison::kEqual:
      return Has(EntryRange::Of(entry));
    case Comparison::kNotEqual:
      return Filter::All({Has(every), HasNone(EntryRange::Of(entry))});
    case Comparison::kLess:
      return Has({every.from, entry});
    case Comparison::kLessOrEqual:
      return Has({every.from, EntryRange::Of(entry).below});
    case Comparison::kGreater:
      return Has({EntryRange::Of(entry).below, every.below});
    case Comparison::kGreaterOrEqual:
      return Has({entry, every.below});
    case Comparison::kStartsWith:
    case Comparison::kNotStartsWith:
      if (attribute.type != enums::INDEXED_VALUE_TYPE_KEYWORD) return NotSupported(attribute, "STARTS_WITH");
      if (leaf.comparison == Comparison::kStartsWith) return Has(EntryRange::StartingWith(entry));
      return Filter::All({Has(every), HasNone(EntryRange::StartingWith(entry))});
    case Comparison::kIsNull:
    case Comparison::kIsNotNull:
      break;
  }
  PERDURE_CHECK(false, "a comparison with a value");
}

// What an integer's attribute is compared with in place of a number: beyond the number, and as near as can
// be.
absl::StatusOr<Filter> OnNumberBesideIntegers(const SystemAttribute& attribute, FilterTree leaf,
                                              double number) {
  constexpr double kBeyond = 9223372036854775808.0;  // 2^63
  const double floor = std::floor(number);
  const bool whole = floor == number;
  if (floor >= -kBeyond && floor < kBeyond) {
    const auto below = static_cast<int64_t>(floor);
    if (whole) return OnOneValue(attribute, leaf, below);
    if (leaf.comparison == Comparison::kLess) leaf.comparison = Comparison::kLessOrEqual;
    if (leaf.comparison == Comparison::kGreaterOrEqual) leaf.comparison = Comparison::kGreater;
    if (leaf.comparison == Comparison::kEqual) return Filter::Any({});
    if (leaf.comparison == Comparison::kNotEqual) return HasEntries(attribute);
    return OnOneValue(attribute, leaf, below);
  }
  const bool high = number > 0;
  switch (leaf.comparison) {
    case Comparison::kLess:
    case Comparison::kLessOrEqual:
      return high ? HasEntries(attribute) : Filter::Any({});
    case Comparison::kGreater:
    case Comparison::kGreaterOrEqual:
      return high ? Filter::Any({}) : HasEntries(attribute);
    case Comparison::kNotEqual:
      return HasEntries(attribute);
    case Comparison::kEqual:
      return Filter::Any({});
    case Comparison::kStartsWith:
    case Comparison::kNotStartsWith:
      return NotSupported(attribute, "STARTS_WITH");
    case Comparison::kIsNull:
    case Comparison::kIsNotNull:
      break;
  }
  PERDURE_CHECK(false, "a comparison with a value");
}

absl::StatusOr<Filter> OnNumber(const SystemAttribute& attribute, const FilterTree& leaf) {
  const FilterToken& value = leaf.value;
  if (value.kind != Kind::kInteger && value.kind != Kind::kNumber) return WrongType(attribute, value);
  const auto integer = IntegerValue(attribute.name, value);
  if (attribute.type == enums::INDEXED_VALUE_TYPE_INT && integer.ok())
    return OnOneValue(attribute, leaf, *integer);
  double number = 0;
  if (!absl::SimpleAtod(value.text, &number)) return WrongType(attribute, value);
  if (attribute.type == enums::INDEXED_VALUE_TYPE_INT) return OnNumberBesideIntegers(attribute, leaf, number);
  return OnOneValue(attribute, leaf, number);
}

// Of a list it is asked whether it has a keyword; one that is null does not.
absl::StatusOr<Filter> OnKeywords(const SystemAttribute& attribute, const FilterTree& leaf) {
  if (leaf.value.kind != Kind::kString) return WrongType(attribute, leaf.value);
  EntryRange range = EntryRange::Of(PrefixOf(attribute) + leaf.value.text);
  if (leaf.comparison == Comparison::kEqual) return Has(std::move(range));
  if (leaf.comparison == Comparison::kNotEqual) return HasNone(std::move(range));
  return NotSupported(attribute, SignOf(leaf));
}

// A text has one of the parts between blanks; of a part with several words ("quick-brown") it has all.
absl::StatusOr<Filter> OnText(const SystemAttribute& attribute, const FilterTree& leaf) {
  if (leaf.value.kind != Kind::kString) return WrongType(attribute, leaf.value);
  const bool negated = leaf.comparison == Comparison::kNotEqual;
  const bool listed = leaf.written == "IN" || leaf.written == "NOT IN";
  if (listed || (!negated && leaf.comparison != Comparison::kEqual))
    return NotSupported(attribute, SignOf(leaf));
  const std::vector<std::string> parts = absl::StrSplit(leaf.value.text, ' ', absl::SkipEmpty());
  if (parts.empty()) {
    return InvalidArgument(fmt::format(
        "invalid query: invalid expression: no tokens found filtering on Text type search attribute {}",
        Shown(attribute.name)));
  }
  const std::string prefix = PrefixOf(attribute);
  std::vector<Filter> of_parts;
  size_t number = 0;
  for (const std::string& part : parts) {
    std::vector<Filter> of_words;
    for (const std::string& word : engine::WordsOf(part)) {
      EntryRange range = EntryRange::Of(prefix + word);
      of_words.push_back(negated ? HasNone(std::move(range)) : Has(std::move(range)));
    }
    number += of_words.size();
    const bool none = of_words.empty();  // it finds nothing
    const bool all = negated == none;
    of_parts.push_back(all ? Filter::All(std::move(of_words)) : Filter::Any(std::move(of_words)));
  }
  if (number > limits::kListFilterComparisons) {
    return UnsupportedInFilter(fmt::format("more than {} words", limits::kListFilterComparisons));
  }
  return negated ? Filter::All(std::move(of_parts)) : Filter::Any(std::move(of_parts));
}

absl::StatusOr<Filter> OnBool(const SystemAttribute& attribute, const FilterTree& leaf) {
  if (leaf.value.kind != Kind::kName) return WrongType(attribute, leaf.value);
  return OnOneValue(attribute, leaf, leaf.value.IsKeyword("TRUE"));
}

absl::StatusOr<Filter> OnKeywordValue(const SystemAttribute& attribute, const FilterTree& leaf) {
  if (leaf.value.kind != Kind::kString) return WrongType(attribute, leaf.value);
  return OnOneValue(attribute, leaf, leaf.value.text);
}

absl::StatusOr<Filter> OnTime(const SystemAttribute& attribute, const FilterTree& leaf) {
  const auto time = TimeValue(attribute.name, leaf.value);
  if (!time.ok()) return time.status();
  return OnOneValue(attribute, leaf, *time);
}

bool HasNoOrder(enums::IndexedValueType type) {
  return type == enums::INDEXED_VALUE_TYPE_TEXT || type == enums::INDEXED_VALUE_TYPE_BOOL ||
         type == enums::INDEXED_VALUE_TYPE_KEYWORD_LIST;
}

}  // namespace

absl::StatusOr<Filter> CompareEntries(const SystemAttribute& attribute, const FilterTree& leaf) {
  if (leaf.written == "BETWEEN" && HasNoOrder(attribute.type)) {
    return InvalidArgument(fmt::format(
        "invalid query: invalid expression: cannot do range condition on search attribute '{}' of type {}",
        Shown(attribute.name), TypeOf(attribute)));
  }
  switch (attribute.type) {
    case enums::INDEXED_VALUE_TYPE_TEXT:
      return OnText(attribute, leaf);
    case enums::INDEXED_VALUE_TYPE_KEYWORD:
      return OnKeywordValue(attribute, leaf);
    case enums::INDEXED_VALUE_TYPE_INT:
    case enums::INDEXED_VALUE_TYPE_DOUBLE:
      return OnNumber(attribute, leaf);
    case enums::INDEXED_VALUE_TYPE_BOOL:
      return OnBool(attribute, leaf);
    case enums::INDEXED_VALUE_TYPE_DATETIME:
      return OnTime(attribute, leaf);
    case enums::INDEXED_VALUE_TYPE_KEYWORD_LIST:
      return OnKeywords(attribute, leaf);
    default:  // an open enum of the API
      return UnsupportedInFilter(fmt::format("search attribute '{}' without a type", Shown(attribute.name)));
  }
}

Filter HasEntries(const SystemAttribute& attribute) {
  return Has(EntryRange::StartingWith(PrefixOf(attribute)));
}

Filter HasNoEntries(const SystemAttribute& attribute) {
  return HasNone(EntryRange::StartingWith(PrefixOf(attribute)));
}

}  // namespace perdure::server
