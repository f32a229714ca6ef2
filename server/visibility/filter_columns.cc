#include "server/visibility/filter_columns.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "base/text.h"
#include "persistence/visibility_match.h"
#include "server/visibility/filter_entries.h"
#include "server/visibility/filter_values.h"

namespace perdure::server {
namespace {

using persistence::Column;
using persistence::Comparison;
using persistence::Filter;
using StatusBy = ListedKind::StatusBy;

absl::Status NoPrefixOf(const SystemAttribute& attribute, std::string_view type) {
  return InvalidArgument(
      fmt::format("invalid query: operation is not supported: operator 'STARTS_WITH' not supported for {} "
                  "type search attribute '{}'",
                  type, attribute.name));
}

bool IsPrefix(Comparison comparison) {
  return comparison == Comparison::kStartsWith || comparison == Comparison::kNotStartsWith;
}

bool CompareText(std::string_view left, Comparison comparison, std::string_view right) {
  if (comparison == Comparison::kStartsWith) return left.starts_with(right);
  if (comparison == Comparison::kNotStartsWith) return !left.starts_with(right);
  return persistence::Compare(left, comparison, right);
}

Filter HasStatus(Comparison comparison, int64_t status) {
  Filter on_status = Filter::Of({Column::kStatus, comparison, status});
  if (status != kRunning || comparison != Comparison::kEqual) return on_status;
  // The second condition adds nothing but speed: lists are ordered by close time, so open runs stand
  // together.
  return Filter::All({std::move(on_status), Filter::Of({Column::kCloseTime, Comparison::kIsNull, {}})});
}

absl::StatusOr<Filter> OnStatusNumber(const SystemAttribute& attribute, Comparison comparison,
                                      const FilterToken& value) {
  const auto status = StatusValue(value);
  if (!status.ok()) return status.status();
  if (IsPrefix(comparison)) return NoPrefixOf(attribute, "Keyword");
  return HasStatus(comparison, *status);
}

absl::StatusOr<Filter> OnStatusName(const SystemAttribute& attribute, const ListedKind& kind,
                                    Comparison comparison, const FilterToken& value) {
  if (value.kind != FilterToken::Kind::kString) return InvalidValueType(attribute.name, "Keyword", value);
  std::vector<Filter> fitting;
  for (int64_t status = 1; !StatusName(kind, status).empty(); ++status) {
    if (CompareText(StatusName(kind, status), comparison, value.text))
      fitting.push_back(HasStatus(Comparison::kEqual, status));
  }
  if (fitting.size() == 1) return std::move(fitting.front());
  return Filter::Any(std::move(fitting));
}

bool IsRun(Column column) {
  return column == Column::kRunId || column == Column::kRootRun || column == Column::kParentRun;
}

// Run ids compare as their text does.
absl::StatusOr<Filter> OnRunId(Column column, Comparison comparison, const FilterToken& value) {
  Filter any =
      persistence::IsOfParent(column) ? Filter::Of({column, Comparison::kIsNotNull, {}}) : Filter::All({});
  const auto range = RunIdsWithPrefix(value.text);
  const bool negated = comparison == Comparison::kNotStartsWith;
  if (IsPrefix(comparison)) {
    if (!range) return negated ? any : Filter::Any({});
    if (negated) {
      return Filter::Any({Filter::Of({column, Comparison::kLess, range->first}),
                          Filter::Of({column, Comparison::kGreater, range->last})});
    }
    return Filter::All({Filter::Of({column, Comparison::kGreaterOrEqual, range->first}),
                        Filter::Of({column, Comparison::kLessOrEqual, range->last})});
  }
  const bool whole = range && range->first == range->last;
  if (whole) return Filter::Of({column, comparison, range->first});
  if (comparison == Comparison::kEqual) return Filter::Any({});
  if (comparison == Comparison::kNotEqual) return any;
  if (!range) {
    return InvalidArgument(
        fmt::format("invalid query: operation is not supported: order of run ids and '{}', which begins none",
                    Shown(value.text)));
  }
  // The text is shorter than any run id that it begins, so it stands just before them.
  const bool less = comparison == Comparison::kLess || comparison == Comparison::kLessOrEqual;
  return Filter::Of({column, less ? Comparison::kLess : Comparison::kGreaterOrEqual, range->first});
}

absl::StatusOr<Filter> OnKeyword(const SystemAttribute& attribute, Comparison comparison,
                                 const FilterToken& value) {
  if (value.kind != FilterToken::Kind::kString) return InvalidValueType(attribute.name, "Keyword", value);
  if (IsRun(attribute.column)) return OnRunId(attribute.column, comparison, value);
  return Filter::Of({attribute.column, comparison, value.text});
}

template <typename T>
absl::StatusOr<Filter> OnOrdered(const SystemAttribute& attribute, Comparison comparison,
                                 std::string_view type, const absl::StatusOr<T>& value) {
  if (!value.ok()) return value.status();
  if (IsPrefix(comparison)) return NoPrefixOf(attribute, type);
  return Filter::Of({attribute.column, comparison, *value});
}

absl::StatusOr<Filter> OnNever(const SystemAttribute& attribute, const FilterToken& value) {
  const bool text = attribute.type != temporal::api::enums::v1::INDEXED_VALUE_TYPE_INT;
  if ((value.kind == FilterToken::Kind::kString) != text) {
    return InvalidValueType(attribute.name, text ? "Keyword" : "Int", value);
  }
  return Filter::Any({});
}

absl::StatusOr<Filter> OnEmpty(const SystemAttribute& attribute, Comparison comparison,
                               const FilterToken& value) {
  if (value.kind != FilterToken::Kind::kString) return InvalidValueType(attribute.name, "Keyword", value);
  return CompareText("", comparison, value.text) ? Filter::All({}) : Filter::Any({});
}

}  // namespace

absl::StatusOr<SystemAttribute> FindFilterAttribute(const ListedKind& kind, const std::string& name,
                                                    const engine::SearchAttributeTypes& custom) {
  const auto found = std::find_if(kind.attributes.begin(), kind.attributes.end(),
                                  [&](const SystemAttribute& one) { return one.name == name; });
  const bool known = found != kind.attributes.end();
  if (known && found->searched != Searched::kNotYet) return *found;
  const auto own = custom.find(name);
  if (!known && own != custom.end()) return SystemAttribute{name, own->second, Searched::kEntries};
  if (known) {
    return absl::UnimplementedError(fmt::format(
        "a list filter on the search attribute '{}' is not supported by this server yet", Shown(name)));
  }
  return InvalidArgument(fmt::format("invalid query: invalid search attribute: {}", Shown(name)));
}

absl::StatusOr<Filter> CompareAttribute(const ListedKind& kind, const SystemAttribute& attribute,
                                        const FilterTree& leaf) {
  if (attribute.searched == Searched::kEntries) return CompareEntries(attribute, leaf);
  const Comparison comparison = leaf.comparison;
  const FilterToken& value = leaf.value;
  if (attribute.searched == Searched::kNever) return OnNever(attribute, value);
  if (attribute.searched == Searched::kEmpty) return OnEmpty(attribute, comparison, value);
  switch (attribute.column) {
    case Column::kStatus:
      return kind.status_by == StatusBy::kNumber ? OnStatusNumber(attribute, comparison, value)
                                                 : OnStatusName(attribute, kind, comparison, value);
    case Column::kStartTime:
    case Column::kExecutionTime:
    case Column::kCloseTime:
      return OnOrdered(attribute, comparison, "Datetime", TimeValue(attribute.name, value));
    case Column::kExecutionDuration:
      return OnOrdered(attribute, comparison, "Int", DurationValue(attribute.name, value));
    case Column::kHistoryLength:
    case Column::kHistorySizeBytes:
    case Column::kStateTransitionCount:
      return OnOrdered(attribute, comparison, "Int", IntegerValue(attribute.name, value));
    case Column::kRunId:
    case Column::kRootRun:
    case Column::kParentRun:
    case Column::kId:
    case Column::kRootId:
    case Column::kParentId:
    case Column::kType:
    case Column::kQueue:
      return OnKeyword(attribute, comparison, value);
    case Column::kEntries:
      break;  // of Searched::kEntries
  }
  PERDURE_CHECK(false, "a column that is not one");
}

Filter AttributeIsNull(const SystemAttribute& attribute, bool negated) {
  if (attribute.searched == Searched::kEntries)
    return negated ? HasEntries(attribute) : HasNoEntries(attribute);
  if (attribute.searched == Searched::kNever) return negated ? Filter::Any({}) : Filter::All({});
  if (attribute.searched == Searched::kEmpty) return negated ? Filter::All({}) : Filter::Any({});
  return Filter::Of({attribute.column, negated ? Comparison::kIsNotNull : Comparison::kIsNull, {}});
}

}  // namespace perdure::server
