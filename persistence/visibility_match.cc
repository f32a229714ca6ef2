#include "persistence/visibility_match.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "persistence/micros.h"

namespace perdure::persistence {
namespace {

bool CompareText(const std::string& left, const Condition& condition) {
  const auto& right = std::get<std::string>(condition.value);
  const bool starts = std::string_view(left).starts_with(right);
  if (condition.comparison == Comparison::kStartsWith) return starts;
  if (condition.comparison == Comparison::kNotStartsWith) return !starts;
  return Compare(left, condition.comparison, right);
}

bool CompareTime(absl::Time left, const Condition& condition) {
  return Compare(ToMicros(left), condition.comparison, ToMicros(std::get<absl::Time>(condition.value)));
}

bool CompareNumber(int64_t left, const Condition& condition) {
  return Compare(left, condition.comparison, std::get<int64_t>(condition.value));
}

bool CompareDuration(const ExecutionRow& row, const Condition& condition) {
  return Compare(ToMicros(*row.close_time) - ToMicros(row.execution_time), condition.comparison,
                 absl::ToInt64Microseconds(std::get<absl::Duration>(condition.value)));
}

bool CompareRun(const Uuid& left, const Condition& condition) {
  return Compare(left, condition.comparison, std::get<Uuid>(condition.value));
}

bool HoldsOfNamedRun(const NamedRun& run, const Condition& condition) {
  const bool is_id = condition.column == Column::kParentId || condition.column == Column::kRootId;
  return is_id ? CompareText(run.id, condition) : CompareRun(run.run_id, condition);
}

bool HoldsOfEntries(const std::vector<std::string>& entries, const Condition& condition) {
  const auto& range = std::get<EntryRange>(condition.value);
  const auto first = std::lower_bound(entries.begin(), entries.end(), range.from);
  const bool has = first != entries.end() && *first < range.below;
  return (condition.comparison == Comparison::kEqual) == has;
}

bool Holds(const RunKey& key, const ExecutionRow& row, const Condition& condition) {
  const bool null = (IsNullWhileOpen(condition.column) && !row.close_time.has_value()) ||
                    (IsOfParent(condition.column) && !row.parent.has_value());
  if (condition.comparison == Comparison::kIsNull) return null;
  if (condition.comparison == Comparison::kIsNotNull) return !null;
  if (null) return false;
  switch (condition.column) {
    case Column::kId:
      return CompareText(row.id, condition);
    case Column::kRunId:
      return CompareRun(key.run_id, condition);
    case Column::kType:
      return CompareText(row.type, condition);
    case Column::kQueue:
      return CompareText(row.queue, condition);
    case Column::kStatus:
      return CompareNumber(row.status, condition);
    case Column::kStartTime:
      return CompareTime(row.start_time, condition);
    case Column::kExecutionTime:
      return CompareTime(row.execution_time, condition);
    case Column::kRootId:
    case Column::kRootRun:
      return HoldsOfNamedRun(row.root.value_or(NamedRun{row.id, key.run_id}), condition);
    case Column::kParentId:
    case Column::kParentRun:
      return HoldsOfNamedRun(*row.parent, condition);
    case Column::kEntries:
      return HoldsOfEntries(row.entries, condition);
    case Column::kCloseTime:
      return CompareTime(*row.close_time, condition);
    case Column::kExecutionDuration:
      return CompareDuration(row, condition);
    case Column::kHistoryLength:
      return CompareNumber(row.history_length, condition);
    case Column::kHistorySizeBytes:
      return CompareNumber(row.history_size_bytes, condition);
    case Column::kStateTransitionCount:
      return CompareNumber(row.state_transition_count, condition);
  }
  PERDURE_CHECK(false, "a column that is not one");
}

}  // namespace

std::optional<std::string> AfterPrefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

bool Matches(const RunKey& key, const ExecutionRow& row, const Filter& filter) {
  const auto matches = [&](const Filter& part) { return Matches(key, row, part); };
  switch (filter.kind) {
    case Filter::Kind::kCondition:
      return Holds(key, row, filter.condition);
    case Filter::Kind::kAll:
      return std::all_of(filter.parts.begin(), filter.parts.end(), matches);
    case Filter::Kind::kAny:
      return std::any_of(filter.parts.begin(), filter.parts.end(), matches);
  }
  PERDURE_CHECK(false, "a filter that is none");
}

bool Matches(const RunKey& key, const ExecutionRow& row, const VisibilityQuery& query) {
  return key.kind == query.kind && (!query.shard || *query.shard == key.shard) &&
         Matches(key, row, query.filter);
}

}  // namespace perdure::persistence
