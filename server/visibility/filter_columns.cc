#include "server/visibility/filter_columns.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "absl/time/time.h"
#include "base/ids.h"
#include "base/status.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::server {
namespace {

using persistence::Column;
using persistence::Comparison;
using persistence::Condition;
using Kind = FilterToken::Kind;

// Search attributes that every run has and that are not searched yet.
constexpr std::array<std::string_view, 28> kUnsearched = {"TaskQueue",
                                                          "ExecutionTime",
                                                          "HistoryLength",
                                                          "ExecutionDuration",
                                                          "StateTransitionCount",
                                                          "HistorySizeBytes",
                                                          "ParentWorkflowId",
                                                          "ParentRunId",
                                                          "RootWorkflowId",
                                                          "RootRunId",
                                                          "TemporalChangeVersion",
                                                          "BinaryChecksums",
                                                          "BuildIds",
                                                          "BatcherNamespace",
                                                          "BatcherUser",
                                                          "TemporalScheduledStartTime",
                                                          "TemporalScheduledById",
                                                          "TemporalSchedulePaused",
                                                          "TemporalNamespaceDivision",
                                                          "TemporalPauseInfo",
                                                          "TemporalReportedProblems",
                                                          "TemporalWorkerDeploymentVersion",
                                                          "TemporalWorkflowVersioningBehavior",
                                                          "TemporalWorkerDeployment",
                                                          "TemporalUsedWorkerDeploymentVersions",
                                                          "TemporalExternalPayloadCount",
                                                          "TemporalExternalPayloadSizeBytes",
                                                          "TemporalWorkflowVersioningBehavior"};

// By the values of WorkflowExecutionStatus.
constexpr std::array<std::string_view, 9> kStatusNames = {
    "", "Running", "Completed", "Failed", "Canceled", "Terminated", "ContinuedAsNew", "TimedOut", "Paused"};
static_assert(temporal::api::enums::v1::WORKFLOW_EXECUTION_STATUS_TIMED_OUT == 7);
static_assert(temporal::api::enums::v1::WorkflowExecutionStatus_MAX + 1 == kStatusNames.size());

absl::Status InvalidExpression(std::string_view why) {
  return InvalidArgument(fmt::format("invalid query: invalid expression: {}", why));
}

absl::Status InvalidType(const std::string& name, std::string_view type, const FilterToken& value) {
  std::string_view given = "string";
  if (value.kind == Kind::kInteger) given = "int64";
  if (value.kind == Kind::kNumber) given = "float64";
  return InvalidExpression(fmt::format("invalid value type for search attribute {} of type {}: {} (type: {})",
                                       name, type, value.text, given));
}

std::optional<int64_t> ToInteger(const std::string& digits) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::optional<int64_t> StatusOf(std::string_view name) {
  const auto* const found = std::find(kStatusNames.begin() + 1, kStatusNames.end(), name);
  if (found == kStatusNames.end()) return std::nullopt;
  return found - kStatusNames.begin();
}

absl::StatusOr<Condition> OnStatus(const std::string& name, Comparison comparison, const FilterToken& value) {
  std::optional<int64_t> status;
  const bool text = value.kind == Kind::kString;
  if (text) status = StatusOf(value.text);
  if (value.kind == Kind::kInteger) status = ToInteger(value.text);
  if (!status || StatusName(*status).empty()) {
    const std::string_view quote = text ? "'" : "";
    return InvalidExpression(fmt::format("invalid ExecutionStatus value {0}{1}{0}", quote, value.text));
  }
  if (comparison != Comparison::kEqual && comparison != Comparison::kNotEqual) {
    return InvalidArgument(fmt::format(
        "invalid query: operation is not supported: {} can be compared by '=' and '!=' only", name));
  }
  return Condition{Column::kStatus, comparison, *status};
}

absl::StatusOr<Condition> OnTime(const std::string& name, Column column, Comparison comparison,
                                 const FilterToken& value) {
  if (comparison == Comparison::kStartsWith) {
    return InvalidArgument(
        fmt::format("invalid query: operation is not supported: operator 'STARTS_WITH' not "
                    "supported for Datetime type search attribute '{}'",
                    name));
  }
  if (value.kind == Kind::kInteger) {
    const auto nanoseconds = ToInteger(value.text);
    if (nanoseconds) return Condition{column, comparison, absl::FromUnixNanos(*nanoseconds)};
  }
  if (value.kind != Kind::kString) return InvalidType(name, "Datetime", value);
  absl::Time time;
  // ParseTime takes surrounding blanks and "infinite-future" too.
  const bool plain = !value.text.empty() && value.text.front() >= '0' && value.text.front() <= '9';
  if (!plain || value.text.back() == ' ' ||
      !absl::ParseTime(absl::RFC3339_full, value.text, &time, nullptr)) {
    return InvalidExpression(fmt::format("unable to parse datetime '{}'", value.text));
  }
  return Condition{column, comparison, time};
}

absl::StatusOr<Condition> OnRunId(const std::string& name, Comparison comparison, const FilterToken& value) {
  if (comparison == Comparison::kStartsWith) {
    return InvalidArgument("invalid query: operation is not supported: operator 'STARTS_WITH' on RunId");
  }
  if (value.kind != Kind::kString) return InvalidType(name, "Keyword", value);
  // No run's id equals what is not a UUID, nor the UUID of zeroes.
  return Condition{Column::kRunId, comparison, Uuid::Parse(value.text).value_or(Uuid{})};
}

}  // namespace

std::string_view StatusName(int64_t status) {
  if (status < 0 || status >= static_cast<int64_t>(kStatusNames.size())) return {};
  return kStatusNames[status];
}

absl::StatusOr<Column> FindFilterColumn(const std::string& name,
                                        absl::FunctionRef<bool(std::string_view)> is_custom) {
  if (name == "WorkflowId") return Column::kWorkflowId;
  if (name == "RunId") return Column::kRunId;
  if (name == "WorkflowType") return Column::kWorkflowType;
  if (name == "ExecutionStatus") return Column::kStatus;
  if (name == "StartTime") return Column::kStartTime;
  if (name == "CloseTime") return Column::kCloseTime;
  if (is_custom(name) || std::find(kUnsearched.begin(), kUnsearched.end(), name) != kUnsearched.end()) {
    return InvalidArgument(
        fmt::format("invalid query: operation is not supported: filter on search attribute '{}'", name));
  }
  return InvalidArgument(fmt::format("invalid query: invalid search attribute: {}", name));
}

absl::StatusOr<Condition> MakeCondition(const std::string& name, Column column, Comparison comparison,
                                        const FilterToken& value) {
  switch (column) {
    case Column::kStatus:
      return OnStatus(name, comparison, value);
    case Column::kStartTime:
    case Column::kCloseTime:
      return OnTime(name, column, comparison, value);
    case Column::kRunId:
      return OnRunId(name, comparison, value);
    case Column::kWorkflowId:
    case Column::kWorkflowType:
      break;
  }
  if (value.kind != Kind::kString) return InvalidType(name, "Keyword", value);
  return Condition{column, comparison, value.text};
}

}  // namespace perdure::server
