#include "engine/workflow/fold/event_table.h"

#include <array>

#include "engine/workflow/fold/apply.h"
#include "engine/workflow/fold/row_index.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::history::v1::HistoryEvent;

template <typename Attributes>
void PutStarted(Attributes* attributes, int64_t begun_by, const StartedIds& started) {
  const auto found = started.find(begun_by);
  if (found != started.end()) attributes->set_started_event_id(found->second);
}

// The attributes of an activity's end.
template <auto kMutable>
void WireActivity(HistoryEvent& event, const StartedIds& started) {
  auto* attributes = (event.*kMutable)();
  PutStarted(attributes, attributes->scheduled_event_id(), started);
}

int64_t StartedActivity(const HistoryEvent& event) {
  return event.activity_task_started_event_attributes().scheduled_event_id();
}

// The attributes of a child's end.
template <auto kMutable>
void WireChild(HistoryEvent& event, const StartedIds& started) {
  auto* attributes = (event.*kMutable)();
  PutStarted(attributes, attributes->initiated_event_id(), started);
}

int64_t StartedChild(const HistoryEvent& event) {
  return event.child_workflow_execution_started_event_attributes().initiated_event_id();
}

constexpr std::array kRows = {
    // ---- the run
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
             .attributes = HistoryEvent::kWorkflowExecutionStartedEventAttributes,
             .fold = fold::ExecutionStarted,
             .payloads = payloads_of::ExecutionStarted},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
             .attributes = HistoryEvent::kWorkflowExecutionCompletedEventAttributes,
             .fold = fold::ExecutionCompleted,
             .payloads = payloads_of::ExecutionCompleted},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
             .attributes = HistoryEvent::kWorkflowExecutionFailedEventAttributes,
             .fold = fold::ExecutionFailed,
             .payloads = payloads_of::ExecutionFailed},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
             .attributes = HistoryEvent::kWorkflowExecutionTimedOutEventAttributes,
             .fold = fold::ExecutionTimedOut},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
             .attributes = HistoryEvent::kWorkflowExecutionCanceledEventAttributes,
             .fold = fold::ExecutionCanceled,
             .payloads = payloads_of::ExecutionCanceled},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
             .attributes = HistoryEvent::kWorkflowExecutionTerminatedEventAttributes,
             .fold = fold::ExecutionTerminated,
             .payloads = payloads_of::ExecutionTerminated},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
             .attributes = HistoryEvent::kWorkflowExecutionContinuedAsNewEventAttributes,
             .fold = fold::ExecutionContinuedAsNew},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
             .attributes = HistoryEvent::kWorkflowExecutionSignaledEventAttributes,
             .fold = fold::ExecutionSignaled,
             .payloads = payloads_of::ExecutionSignaled,
             .buffered = true},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED,
             .attributes = HistoryEvent::kWorkflowExecutionCancelRequestedEventAttributes,
             .fold = fold::ExecutionCancelRequested,
             .buffered = true},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
             .attributes = HistoryEvent::kWorkflowExecutionOptionsUpdatedEventAttributes,
             .fold = fold::ExecutionOptionsUpdated,
             .buffered = true},
    EventRow{.type = enums::EVENT_TYPE_MARKER_RECORDED,
             .attributes = HistoryEvent::kMarkerRecordedEventAttributes,
             .fold = fold::Nothing,
             .payloads = payloads_of::MarkerRecorded},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED,
             .attributes = HistoryEvent::kWorkflowPropertiesModifiedEventAttributes,
             .fold = fold::PropertiesModified,
             .payloads = payloads_of::PropertiesModified},
    EventRow{.type = enums::EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
             .attributes = HistoryEvent::kUpsertWorkflowSearchAttributesEventAttributes,
             .fold = fold::SearchAttributesUpserted},
    // ---- updates
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED,
             .attributes = HistoryEvent::kWorkflowExecutionUpdateAdmittedEventAttributes,
             .fold = fold::UpdateAdmitted,
             .payloads = payloads_of::UpdateAdmitted},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
             .attributes = HistoryEvent::kWorkflowExecutionUpdateAcceptedEventAttributes,
             .fold = fold::UpdateAccepted,
             .payloads = payloads_of::UpdateAccepted},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
             .attributes = HistoryEvent::kWorkflowExecutionUpdateCompletedEventAttributes,
             .fold = fold::UpdateCompleted,
             .payloads = payloads_of::UpdateCompleted},
    // ---- workflow tasks
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
             .attributes = HistoryEvent::kWorkflowTaskScheduledEventAttributes,
             .fold = fold::WorkflowTaskScheduled},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_TASK_STARTED,
             .attributes = HistoryEvent::kWorkflowTaskStartedEventAttributes,
             .fold = fold::WorkflowTaskStarted},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
             .attributes = HistoryEvent::kWorkflowTaskCompletedEventAttributes,
             .fold = fold::WorkflowTaskCompleted},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_TASK_FAILED,
             .attributes = HistoryEvent::kWorkflowTaskFailedEventAttributes,
             .fold = fold::WorkflowTaskFailed,
             .payloads = payloads_of::WorkflowTaskFailed},
    EventRow{.type = enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
             .attributes = HistoryEvent::kWorkflowTaskTimedOutEventAttributes,
             .fold = fold::WorkflowTaskTimedOut},
    // ---- activities
    EventRow{.type = enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
             .attributes = HistoryEvent::kActivityTaskScheduledEventAttributes,
             .fold = fold::ActivityScheduled,
             .payloads = payloads_of::ActivityScheduled},
    EventRow{.type = enums::EVENT_TYPE_ACTIVITY_TASK_STARTED,
             .attributes = HistoryEvent::kActivityTaskStartedEventAttributes,
             .fold = fold::ActivityStarted,
             .payloads = payloads_of::ActivityStarted,
             .buffered = true,
             .starts = StartedActivity},
    EventRow{.type = enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
             .attributes = HistoryEvent::kActivityTaskCompletedEventAttributes,
             .fold = fold::ActivityCompleted,
             .payloads = payloads_of::ActivityCompleted,
             .buffered = true,
             .ends_last = true,
             .wire_started = WireActivity<&HistoryEvent::mutable_activity_task_completed_event_attributes>},
    EventRow{.type = enums::EVENT_TYPE_ACTIVITY_TASK_FAILED,
             .attributes = HistoryEvent::kActivityTaskFailedEventAttributes,
             .fold = fold::ActivityFailed,
             .payloads = payloads_of::ActivityFailed,
             .buffered = true,
             .ends_last = true,
             .wire_started = WireActivity<&HistoryEvent::mutable_activity_task_failed_event_attributes>},
    EventRow{.type = enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
             .attributes = HistoryEvent::kActivityTaskTimedOutEventAttributes,
             .fold = fold::ActivityTimedOut,
             .payloads = payloads_of::ActivityTimedOut,
             .buffered = true,
             .ends_last = true,
             .wire_started = WireActivity<&HistoryEvent::mutable_activity_task_timed_out_event_attributes>},
    EventRow{.type = enums::EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED,
             .attributes = HistoryEvent::kActivityTaskCancelRequestedEventAttributes,
             .fold = fold::ActivityCancelRequested},
    EventRow{.type = enums::EVENT_TYPE_ACTIVITY_TASK_CANCELED,
             .attributes = HistoryEvent::kActivityTaskCanceledEventAttributes,
             .fold = fold::ActivityCanceled,
             .payloads = payloads_of::ActivityCanceled,
             .buffered = true,
             .ends_last = true,
             .wire_started = WireActivity<&HistoryEvent::mutable_activity_task_canceled_event_attributes>},
    // ---- timers
    EventRow{.type = enums::EVENT_TYPE_TIMER_STARTED,
             .attributes = HistoryEvent::kTimerStartedEventAttributes,
             .fold = fold::TimerStarted},
    EventRow{.type = enums::EVENT_TYPE_TIMER_FIRED,
             .attributes = HistoryEvent::kTimerFiredEventAttributes,
             .fold = fold::TimerFired,
             .buffered = true},
    EventRow{.type = enums::EVENT_TYPE_TIMER_CANCELED,
             .attributes = HistoryEvent::kTimerCanceledEventAttributes,
             .fold = fold::TimerCanceled},
    // ---- children
    EventRow{.type = enums::EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
             .attributes = HistoryEvent::kStartChildWorkflowExecutionInitiatedEventAttributes,
             .fold = fold::ChildInitiated,
             .payloads = payloads_of::ChildInitiated},
    EventRow{.type = enums::EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED,
             .attributes = HistoryEvent::kStartChildWorkflowExecutionFailedEventAttributes,
             .fold = fold::ChildStartFailed,
             .buffered = true},
    EventRow{.type = enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED,
             .attributes = HistoryEvent::kChildWorkflowExecutionStartedEventAttributes,
             .fold = fold::ChildStarted,
             .payloads = payloads_of::ChildStarted,
             .buffered = true,
             .starts = StartedChild},
    EventRow{.type = enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED,
             .attributes = HistoryEvent::kChildWorkflowExecutionCompletedEventAttributes,
             .fold = fold::ChildCompleted,
             .payloads = payloads_of::ChildCompleted,
             .buffered = true,
             .ends_last = true,
             .wire_started =
                 WireChild<&HistoryEvent::mutable_child_workflow_execution_completed_event_attributes>},
    EventRow{
        .type = enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED,
        .attributes = HistoryEvent::kChildWorkflowExecutionFailedEventAttributes,
        .fold = fold::ChildFailed,
        .payloads = payloads_of::ChildFailed,
        .buffered = true,
        .ends_last = true,
        .wire_started = WireChild<&HistoryEvent::mutable_child_workflow_execution_failed_event_attributes>},
    EventRow{
        .type = enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED,
        .attributes = HistoryEvent::kChildWorkflowExecutionCanceledEventAttributes,
        .fold = fold::ChildCanceled,
        .payloads = payloads_of::ChildCanceled,
        .buffered = true,
        .ends_last = true,
        .wire_started = WireChild<&HistoryEvent::mutable_child_workflow_execution_canceled_event_attributes>},
    EventRow{.type = enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT,
             .attributes = HistoryEvent::kChildWorkflowExecutionTimedOutEventAttributes,
             .fold = fold::ChildTimedOut,
             .buffered = true,
             .ends_last = true,
             .wire_started =
                 WireChild<&HistoryEvent::mutable_child_workflow_execution_timed_out_event_attributes>},
    EventRow{.type = enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED,
             .attributes = HistoryEvent::kChildWorkflowExecutionTerminatedEventAttributes,
             .fold = fold::ChildTerminated,
             .buffered = true,
             .ends_last = true,
             .wire_started =
                 WireChild<&HistoryEvent::mutable_child_workflow_execution_terminated_event_attributes>},
    // ---- signals and cancels of other workflows
    EventRow{.type = enums::EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
             .attributes = HistoryEvent::kSignalExternalWorkflowExecutionInitiatedEventAttributes,
             .fold = fold::SignalInitiated,
             .payloads = payloads_of::SignalInitiated},
    EventRow{.type = enums::EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED,
             .attributes = HistoryEvent::kSignalExternalWorkflowExecutionFailedEventAttributes,
             .fold = fold::SignalFailed,
             .buffered = true},
    EventRow{.type = enums::EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED,
             .attributes = HistoryEvent::kExternalWorkflowExecutionSignaledEventAttributes,
             .fold = fold::ExternalSignaled,
             .buffered = true},
    EventRow{.type = enums::EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
             .attributes = HistoryEvent::kRequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
             .fold = fold::CancelInitiated},
    EventRow{.type = enums::EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED,
             .attributes = HistoryEvent::kRequestCancelExternalWorkflowExecutionFailedEventAttributes,
             .fold = fold::CancelFailed,
             .buffered = true},
    EventRow{.type = enums::EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED,
             .attributes = HistoryEvent::kExternalWorkflowExecutionCancelRequestedEventAttributes,
             .fold = fold::ExternalCancelRequested,
             .buffered = true},
};

constexpr RowIndex<128> kIndex(kRows, [](const EventRow& row) { return row.type; });

}  // namespace

const EventRow* FindEventRow(enums::EventType type) { return kIndex.Find(kRows, type); }

}  // namespace perdure::engine::workflow
