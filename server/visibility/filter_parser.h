// The syntax of filters, in SQL's words: comparisons (=, !=, <, <=, >, >=, [NOT] BETWEEN, [NOT] IN,
// [NOT] STARTS_WITH, IS [NOT] NULL) joined by AND, OR, NOT and parentheses, and GROUP BY. What names mean is
// up to who asks. Pure functions; safe anywhere. Takes any bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "persistence/visibility_query.h"
#include "server/visibility/filter_lexer.h"

namespace perdure::server {

// A comparison, or several trees of which all or any must hold. NOT is gone: it has turned round what it
// stood before. The depth is bounded by limits::kListFilterDepth.
struct FilterTree {
  persistence::Filter::Kind kind = persistence::Filter::Kind::kAll;
  // Of kCondition.
  std::string name;
  persistence::Comparison comparison{};
  FilterToken value;  // a string, an integer, a number or a name; of kIsNull and kIsNotNull nothing
  // "BETWEEN", "IN" or "NOT IN" where the comparison is a part of such a one: not every attribute takes them.
  std::string_view written;
  // Of the others.
  std::vector<FilterTree> parts;
};

struct ParsedFilter {
  FilterTree tree;  // of an empty text: all of nothing
  std::optional<std::string> group_by;
};

// What a filter may not do, in the real server's words: INVALID_ARGUMENT.
absl::Status UnsupportedInFilter(std::string_view what);

// INVALID_ARGUMENT in the real server's words.
absl::StatusOr<ParsedFilter> ParseFilter(std::string_view text);

}  // namespace perdure::server
