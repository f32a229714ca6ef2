#include "server/visibility/filter_columns.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "base/text.h"
#include "server/visibility/filter_values.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::server {
namespace {

using persistence::Column;
using persistence::Comparison;
using persistence::Filter;
using enum Searched;
using namespace temporal::api::enums::v1;  // NOLINT(google-build-using-namespace): INDEXED_VALUE_TYPE_*

constexpr auto kKeyword = INDEXED_VALUE_TYPE_KEYWORD;
constexpr auto kKeywords = INDEXED_VALUE_TYPE_KEYWORD_LIST;
constexpr auto kDatetime = INDEXED_VALUE_TYPE_DATETIME;
constexpr auto kInt = INDEXED_VALUE_TYPE_INT;
constexpr auto kBool = INDEXED_VALUE_TYPE_BOOL;

constexpr auto kAttributes = std::to_array<SystemAttribute>({
    {"BatcherNamespace", kKeyword, kNotYet},
    {"BatcherUser", kKeyword, kNotYet},
    {"BinaryChecksums", kKeywords, kNotYet},
    {"BuildIds", kKeywords, kNotYet},
    {"CloseTime", kDatetime, kColumn, Column::kCloseTime},
    {"ExecutionDuration", kInt, kColumn, Column::kExecutionDuration},
    {"ExecutionStatus", kKeyword, kColumn, Column::kStatus},
    {"ExecutionTime", kDatetime, kColumn, Column::kExecutionTime},
    {"HistoryLength", kInt, kColumn, Column::kHistoryLength},
    {"HistorySizeBytes", kInt, kColumn, Column::kHistorySizeBytes},
    {"ParentRunId", kKeyword, kColumn, Column::kParentRun},
    {"ParentWorkflowId", kKeyword, kColumn, Column::kParentId},
    {"RootRunId", kKeyword, kColumn, Column::kRootRun},
    {"RootWorkflowId", kKeyword, kColumn, Column::kRootId},
    {"RunId", kKeyword, kColumn, Column::kRunId},
    {"StartTime", kDatetime, kColumn, Column::kStartTime},
    {"StateTransitionCount", kInt, kColumn, Column::kStateTransitionCount},
    {"TaskQueue", kKeyword, kColumn, Column::kQueue},
    {"TemporalChangeVersion", kKeywords, kNotYet},
    {"TemporalExternalPayloadCount", kInt, kNever},
    {"TemporalExternalPayloadSizeBytes", kInt, kNever},
    {"TemporalNamespaceDivision", kKeyword, kNotYet},
    {"TemporalPauseInfo", kKeywords, kNotYet},
    {"TemporalReportedProblems", kKeywords, kNotYet},
    {"TemporalSchedulePaused", kBool, kNotYet},
    {"TemporalScheduledById", kKeyword, kNotYet},
    {"TemporalScheduledStartTime", kDatetime, kNotYet},
    {"TemporalUsedWorkerDeploymentVersions", kKeywords, kNever},
    {"TemporalWorkerDeployment", kKeyword, kNever},
    {"TemporalWorkerDeploymentVersion", kKeyword, kNever},
    {"TemporalWorkflowVersioningBehavior", kKeyword, kNever},
    {"WorkflowId", kKeyword, kColumn, Column::kId},
    {"WorkflowType", kKeyword, kColumn, Column::kType},
});

// By the values of WorkflowExecutionStatus.
constexpr std::array<std::string_view, 9> kStatusNames = {
    "", "Running", "Completed", "Failed", "Canceled", "Terminated", "ContinuedAsNew", "TimedOut", "Paused"};
static_assert(WORKFLOW_EXECUTION_STATUS_TIMED_OUT == 7);
static_assert(WorkflowExecutionStatus_MAX + 1 == kStatusNames.size());

absl::Status NoPrefixOf(const SystemAttribute& attribute, std::string_view type) {
  return InvalidArgument(
      fmt::format("invalid query: operation is not supported: operator 'STARTS_WITH' not supported for {} "
                  "type search attribute '{}'",
                  type, attribute.name));
}

bool IsPrefix(Comparison comparison) {
  return comparison == Comparison::kStartsWith || comparison == Comparison::kNotStartsWith;
}

absl::StatusOr<Filter> OnStatus(const SystemAttribute& attribute, Comparison comparison,
                                const FilterToken& value) {
  const auto status = StatusValue(value);
  if (!status.ok()) return status.status();
  if (IsPrefix(comparison)) return NoPrefixOf(attribute, "Keyword");
  Filter on_status = Filter::Of({Column::kStatus, comparison, *status});
  if (*status != kRunning || comparison != Comparison::kEqual) return on_status;
  // Says the same twice, as lists are ordered by close time: open runs stand together.
  return Filter::All({std::move(on_status), Filter::Of({Column::kCloseTime, Comparison::kIsNull, {}})});
}

bool IsRun(Column column) {
  return column == Column::kRunId || column == Column::kRootRun || column == Column::kParentRun;
}

// Run ids compare as their text does.
absl::StatusOr<Filter> OnRunId(Column column, Comparison comparison, const FilterToken& value) {
  const Filter any =
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
  const bool text = attribute.type != kInt;
  if ((value.kind == FilterToken::Kind::kString) != text) {
    return InvalidValueType(attribute.name, text ? "Keyword" : "Int", value);
  }
  return Filter::Any({});
}

}  // namespace

std::string_view StatusName(int64_t status) {
  if (status < 0 || status >= static_cast<int64_t>(kStatusNames.size())) return {};
  return kStatusNames[status];
}

std::span<const SystemAttribute> SystemAttributes() { return kAttributes; }

absl::StatusOr<SystemAttribute> FindFilterAttribute(const std::string& name,
                                                    absl::FunctionRef<bool(std::string_view)> is_custom) {
  const auto* const found = std::find_if(kAttributes.begin(), kAttributes.end(),
                                         [&](const SystemAttribute& one) { return one.name == name; });
  const bool known = found != kAttributes.end();
  if (known && found->searched != kNotYet) return *found;
  if (known || is_custom(name)) {
    return absl::UnimplementedError(fmt::format(
        "a list filter on the search attribute '{}' is not supported by this server yet", Shown(name)));
  }
  return InvalidArgument(fmt::format("invalid query: invalid search attribute: {}", Shown(name)));
}

absl::StatusOr<Filter> CompareAttribute(const SystemAttribute& attribute, Comparison comparison,
                                        const FilterToken& value) {
  if (attribute.searched == kNever) return OnNever(attribute, value);
  switch (attribute.column) {
    case Column::kStatus:
      return OnStatus(attribute, comparison, value);
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
  }
  PERDURE_CHECK(false, "a column that is not one");
}

Filter AttributeIsNull(const SystemAttribute& attribute, bool negated) {
  if (attribute.searched == kNever) return negated ? Filter::Any({}) : Filter::All({});
  return Filter::Of({attribute.column, negated ? Comparison::kIsNotNull : Comparison::kIsNull, {}});
}

}  // namespace perdure::server
