#include "persistence/visibility_match.h"

#include <string_view>

#include "base/check.h"
#include "persistence/micros.h"

namespace perdure::persistence {
namespace {

template <typename T>
bool Compare(const T& left, Comparison comparison, const T& right) {
  switch (comparison) {
    case Comparison::kEqual:
      return left == right;
    case Comparison::kNotEqual:
      return left != right;
    case Comparison::kLess:
      return left < right;
    case Comparison::kLessOrEqual:
      return left <= right;
    case Comparison::kGreater:
      return left > right;
    case Comparison::kGreaterOrEqual:
      return left >= right;
    case Comparison::kStartsWith:
      break;
  }
  PERDURE_CHECK(false, "only text starts with something");
}

bool CompareText(const std::string& left, const Condition& condition) {
  const auto& right = std::get<std::string>(condition.value);
  if (condition.comparison == Comparison::kStartsWith) return std::string_view(left).starts_with(right);
  return Compare(left, condition.comparison, right);
}

bool CompareTime(absl::Time left, const Condition& condition) {
  return Compare(ToMicros(left), condition.comparison, ToMicros(std::get<absl::Time>(condition.value)));
}

bool Holds(const RunKey& key, const ExecutionRow& row, const Condition& condition) {
  switch (condition.column) {
    case Column::kWorkflowId:
      return CompareText(row.workflow_id, condition);
    case Column::kRunId:
      return Compare(key.run_id, condition.comparison, std::get<Uuid>(condition.value));
    case Column::kWorkflowType:
      return CompareText(row.workflow_type, condition);
    case Column::kStatus:
      return Compare(int64_t{row.status}, condition.comparison, std::get<int64_t>(condition.value));
    case Column::kStartTime:
      return CompareTime(row.start_time, condition);
    case Column::kCloseTime:
      return row.close_time.has_value() && CompareTime(*row.close_time, condition);
  }
  PERDURE_CHECK(false, "a column that is not one");
}

}  // namespace

bool Matches(const RunKey& key, const ExecutionRow& row, const std::vector<Condition>& conditions) {
  for (const Condition& condition : conditions) {
    if (!Holds(key, row, condition)) return false;
  }
  return true;
}

}  // namespace perdure::persistence
