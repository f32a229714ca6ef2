#include <array>

#include "engine/activity/kind_number.h"
#include "server/visibility/listed_kind.h"
#include "temporal/api/enums/v1/activity.pb.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using persistence::Column;
using enum Searched;

// Beside their own names the real server takes those of workflows: an activity's id is a workflow id too, its
// history has the length 0 once it is closed, and its workflow type and root are the empty text.
constexpr auto kActivityAttributes = std::to_array<SystemAttribute>({
    {"ActivityId", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kId},
    {"ActivityType", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kType},
    {"BatcherNamespace", enums::INDEXED_VALUE_TYPE_KEYWORD, kNever},
    {"BatcherUser", enums::INDEXED_VALUE_TYPE_KEYWORD, kNever},
    {"BinaryChecksums", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST, kNever},
    {"BuildIds", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST, kNever},
    {"CloseTime", enums::INDEXED_VALUE_TYPE_DATETIME, kColumn, Column::kCloseTime},
    {"ExecutionDuration", enums::INDEXED_VALUE_TYPE_INT, kColumn, Column::kExecutionDuration},
    {"ExecutionStatus", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kStatus},
    {"ExecutionTime", enums::INDEXED_VALUE_TYPE_DATETIME, kColumn, Column::kExecutionTime},
    {"HistoryLength", enums::INDEXED_VALUE_TYPE_INT, kColumn, Column::kHistoryLength},
    {"HistorySizeBytes", enums::INDEXED_VALUE_TYPE_INT, kColumn, Column::kHistorySizeBytes},
    {"ParentRunId", enums::INDEXED_VALUE_TYPE_KEYWORD, kNever},
    {"ParentWorkflowId", enums::INDEXED_VALUE_TYPE_KEYWORD, kNever},
    {"RootRunId", enums::INDEXED_VALUE_TYPE_KEYWORD, kEmpty},
    {"RootWorkflowId", enums::INDEXED_VALUE_TYPE_KEYWORD, kEmpty},
    {"RunId", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kRunId},
    {"StartTime", enums::INDEXED_VALUE_TYPE_DATETIME, kColumn, Column::kStartTime},
    {"StateTransitionCount", enums::INDEXED_VALUE_TYPE_INT, kColumn, Column::kStateTransitionCount},
    {"TaskQueue", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kQueue},
    {"TemporalChangeVersion", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST, kNever},
    {"TemporalExternalPayloadCount", enums::INDEXED_VALUE_TYPE_INT, kNever},
    {"TemporalExternalPayloadSizeBytes", enums::INDEXED_VALUE_TYPE_INT, kNever},
    {"TemporalNamespaceDivision", enums::INDEXED_VALUE_TYPE_KEYWORD, kNotYet},
    {"TemporalPauseInfo", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST, kEntries},
    {"TemporalReportedProblems", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST, kNever},
    {"TemporalSchedulePaused", enums::INDEXED_VALUE_TYPE_BOOL, kEntries},
    {"TemporalScheduledById", enums::INDEXED_VALUE_TYPE_KEYWORD, kNever},
    {"TemporalScheduledStartTime", enums::INDEXED_VALUE_TYPE_DATETIME, kEntries},
    {"TemporalUsedWorkerDeploymentVersions", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST, kNever},
    {"TemporalWorkerDeployment", enums::INDEXED_VALUE_TYPE_KEYWORD, kNever},
    {"TemporalWorkerDeploymentVersion", enums::INDEXED_VALUE_TYPE_KEYWORD, kNever},
    {"TemporalWorkflowVersioningBehavior", enums::INDEXED_VALUE_TYPE_KEYWORD, kNever},
    {"WorkflowId", enums::INDEXED_VALUE_TYPE_KEYWORD, kColumn, Column::kId},
    {"WorkflowType", enums::INDEXED_VALUE_TYPE_KEYWORD, kEmpty},
});

// By the values of ActivityExecutionStatus.
constexpr std::array<std::string_view, 8> kActivityStatusNames = {
    "", "Running", "Completed", "Failed", "Canceled", "Terminated", "TimedOut", "Paused"};
static_assert(enums::ACTIVITY_EXECUTION_STATUS_RUNNING == kRunning);
static_assert(enums::ACTIVITY_EXECUTION_STATUS_PAUSED == 7);
static_assert(enums::ActivityExecutionStatus_MAX + 1 == kActivityStatusNames.size());

}  // namespace

const ListedKind& ListedActivities() {
  static constexpr ListedKind kKind{.kind = engine::activity::kActivityKind,
                                    .attributes = kActivityAttributes,
                                    .status_names = kActivityStatusNames,
                                    .status_by = ListedKind::StatusBy::kName};
  return kKind;
}

}  // namespace perdure::server
