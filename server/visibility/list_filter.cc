#include "server/visibility/list_filter.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "server/visibility/filter_columns.h"
#include "server/visibility/filter_parser.h"

namespace perdure::server {
namespace {

using persistence::Column;
using persistence::Comparison;
using persistence::Filter;

absl::StatusOr<Filter> ToCondition(const FilterTree& leaf, const ListedKind& kind,
                                   const engine::SearchAttributeTypes& custom) {
  const auto attribute = FindFilterAttribute(kind, leaf.name, custom);
  if (!attribute.ok()) return attribute.status();
  if (leaf.comparison == Comparison::kIsNull || leaf.comparison == Comparison::kIsNotNull) {
    return AttributeIsNull(*attribute, leaf.comparison == Comparison::kIsNotNull);
  }
  const FilterToken& value = leaf.value;
  if (value.kind == FilterToken::Kind::kName && !value.IsKeyword("TRUE") && !value.IsKeyword("FALSE")) {
    return UnsupportedInFilter(fmt::format(
        "column name on the right side of comparison expression (did you forget to quote \"{}\"?)",
        Shown(value.text)));
  }
  return CompareAttribute(kind, *attribute, leaf);
}

absl::StatusOr<Filter> ToFilter(const FilterTree& tree, const ListedKind& kind,
                                const engine::SearchAttributeTypes& custom) {
  if (tree.kind == Filter::Kind::kCondition) return ToCondition(tree, kind, custom);
  Filter filter{tree.kind, {}, {}};
  for (const FilterTree& tree_part : tree.parts) {
    auto part = ToFilter(tree_part, kind, custom);
    if (!part.ok()) return part;
    filter.parts.push_back(*std::move(part));
  }
  return filter;
}

// How often the filter looks into the entries of a row: a text's words and negations multiply what was
// counted as one comparison.
size_t LooksAtEntries(const Filter& filter) {
  if (filter.kind == Filter::Kind::kCondition) return filter.condition.column == Column::kEntries ? 1 : 0;
  size_t looks = 0;
  for (const Filter& part : filter.parts) looks += LooksAtEntries(part);
  return looks;
}

// The id that every row of the filter has, if it says so.
const std::string* OnlyId(const Filter& filter) {
  if (filter.kind == Filter::Kind::kCondition) {
    const auto& condition = filter.condition;
    const bool names_it = condition.column == Column::kId && condition.comparison == Comparison::kEqual;
    return names_it ? &std::get<std::string>(condition.value) : nullptr;
  }
  if (filter.kind == Filter::Kind::kAny) return nullptr;
  for (const Filter& part : filter.parts) {
    if (const std::string* id = OnlyId(part)) return id;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<ListFilter> ParseListFilter(std::string_view text, const engine::SearchAttributeTypes& custom,
                                           const ListedKind& kind) {
  const auto parsed = ParseFilter(text);
  if (!parsed.ok()) return parsed.status();
  auto filter = ToFilter(parsed->tree, kind, custom);
  if (!filter.ok()) return filter.status();
  if (LooksAtEntries(*filter) > limits::kListFilterLooks) {
    return UnsupportedInFilter(
        fmt::format("more than {} looks into search attributes", limits::kListFilterLooks));
  }
  if (parsed->group_by && *parsed->group_by != "ExecutionStatus") {
    const auto grouped = FindFilterAttribute(kind, *parsed->group_by, custom);
    if (absl::IsInvalidArgument(grouped.status())) return grouped.status();
    return UnsupportedInFilter(
        fmt::format("'GROUP BY' clause is not supported for search attribute {}", Shown(*parsed->group_by)));
  }
  return ListFilter{*std::move(filter), parsed->group_by.has_value(), kind.kind};
}

persistence::VisibilityQuery ToQuery(const Uuid& namespace_id, ListFilter filter) {
  persistence::VisibilityQuery query;
  query.namespace_id = namespace_id;
  query.kind = filter.kind;
  query.group_by_status = filter.group_by_status;
  if (const std::string* id = OnlyId(filter.filter)) query.shard = ShardOf(namespace_id, *id);
  query.filter = std::move(filter.filter);
  return query;
}

}  // namespace perdure::server
