#include <array>

#include "engine/workflow/kind.h"
#include "server/visibility/listed_kind.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using persistence::Column;
using enum Searched;

constexpr auto kWorkflowAttributes = std::to_array<SystemAttribute>({
    {"BatcherNamespace", enums::INDEXED_VALUE_TYPE_KEYWORD, kEntries},
    {"BatcherUser", enums::INDEXED_VALUE_TYPE_KEYWORD, kEntries},
    {"BinaryChecksums", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST, kEntries},
    {"BuildIds", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST, kEntries},
    {"CloseTime", enums::INDEXED_VALUE_TYPE_DATETIME, kColumn, Column::kCloseTime},
    {"ExecutionDuration", enums::INDEXED_VALUE_TYPE_INT, kColumn, Column::kExecutionDuration},
    {"ExecutionStatus", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kStatus},
    {"ExecutionTime", enums::INDEXED_VALUE_TYPE_DATETIME, kColumn, Column::kExecutionTime},
    {"HistoryLength", enums::INDEXED_VALUE_TYPE_INT, kColumn, Column::kHistoryLength},
    {"HistorySizeBytes", enums::INDEXED_VALUE_TYPE_INT, kColumn, Column::kHistorySizeBytes},
    {"ParentRunId", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kParentRun},
    {"ParentWorkflowId", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kParentId},
    {"RootRunId", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kRootRun},
    {"RootWorkflowId", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kRootId},
    {"RunId", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kRunId},
    {"StartTime", enums::INDEXED_VALUE_TYPE_DATETIME, kColumn, Column::kStartTime},
    {"StateTransitionCount", enums::INDEXED_VALUE_TYPE_INT, kColumn, Column::kStateTransitionCount},
    {"TaskQueue", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kQueue},
    {"TemporalChangeVersion", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST, kEntries},
    {"TemporalExternalPayloadCount", enums::INDEXED_VALUE_TYPE_INT, kEntries},
    {"TemporalExternalPayloadSizeBytes", enums::INDEXED_VALUE_TYPE_INT, kEntries},
    {"TemporalNamespaceDivision", enums::INDEXED_VALUE_TYPE_KEYWORD, kNotYet},
    {"TemporalPauseInfo", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST, kEntries},
    {"TemporalReportedProblems", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST, kEntries},
    {"TemporalSchedulePaused", enums::INDEXED_VALUE_TYPE_BOOL, kEntries},
    {"TemporalScheduledById", enums::INDEXED_VALUE_TYPE_KEYWORD, kEntries},
    {"TemporalScheduledStartTime", enums::INDEXED_VALUE_TYPE_DATETIME, kEntries},
    {"TemporalUsedWorkerDeploymentVersions", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST, kNever},
    {"TemporalWorkerDeployment", enums::INDEXED_VALUE_TYPE_KEYWORD, kNever},
    {"TemporalWorkerDeploymentVersion", enums::INDEXED_VALUE_TYPE_KEYWORD, kNever},
    {"TemporalWorkflowVersioningBehavior", enums::INDEXED_VALUE_TYPE_KEYWORD, kNever},
    {"WorkflowId", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kId},
    {"WorkflowType", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kType},
});

// By the values of WorkflowExecutionStatus.
constexpr std::array<std::string_view, 9> kWorkflowStatusNames = {
    "", "Running", "Completed", "Failed", "Canceled", "Terminated", "ContinuedAsNew", "TimedOut", "Paused"};
static_assert(enums::WORKFLOW_EXECUTION_STATUS_TIMED_OUT == 7);
static_assert(enums::WorkflowExecutionStatus_MAX + 1 == kWorkflowStatusNames.size());

}  // namespace

const ListedKind& ListedWorkflows() {
  static constexpr ListedKind kKind{.kind = engine::workflow::kWorkflowKind,
                                    .attributes = kWorkflowAttributes,
                                    .status_names = kWorkflowStatusNames,
                                    .status_by = ListedKind::StatusBy::kNumber};
  return kKind;
}

std::string_view StatusName(const ListedKind& kind, int64_t status) {
  if (status < 0 || status >= static_cast<int64_t>(kind.status_names.size())) return {};
  return kind.status_names[static_cast<size_t>(status)];
}

}  // namespace perdure::server
