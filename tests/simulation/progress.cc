#include "tests/simulation/progress.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace perdure::simulation {
namespace {

using temporal::api::history::v1::History;
using temporal::api::history::v1::HistoryEvent;

absl::Status NoteOnce(std::set<std::string>& parts, const std::string& part, std::string_view what) {
  if (parts.insert(part).second) return absl::OkStatus();
  return absl::DataLossError(fmt::format("{} {} twice", part, what));
}

// What was initiated by the event of that id.
absl::Status NoteBegun(const HistoryEvent& event, const std::string& part, Progress& progress) {
  progress.part_of_event[event.event_id()] = part;
  return NoteOnce(progress.begun, part, "was begun");
}

absl::Status NoteEnd(int64_t initiated, Progress& progress) {
  return NoteOnce(progress.ended, progress.part_of_event[initiated], "ended");
}

// The end of a child that has started.
absl::Status NoteChildEnd(int64_t initiated, Progress& progress) {
  const std::string& part = progress.part_of_event[initiated];
  if (!progress.started.contains(part)) return absl::DataLossError("a child ended before it was started");
  return NoteEnd(initiated, progress);
}

absl::Status ReadChildEvent(const HistoryEvent& event, Progress& progress) {
  switch (event.attributes_case()) {
    case HistoryEvent::kStartChildWorkflowExecutionInitiatedEventAttributes:
      return NoteBegun(event, event.start_child_workflow_execution_initiated_event_attributes().control(),
                       progress);
    case HistoryEvent::kStartChildWorkflowExecutionFailedEventAttributes:
      return NoteEnd(event.start_child_workflow_execution_failed_event_attributes().initiated_event_id(),
                     progress);
    case HistoryEvent::kChildWorkflowExecutionStartedEventAttributes: {
      const int64_t initiated =
          event.child_workflow_execution_started_event_attributes().initiated_event_id();
      return NoteOnce(progress.started, progress.part_of_event[initiated], "was started");
    }
    case HistoryEvent::kChildWorkflowExecutionCompletedEventAttributes:
      return NoteChildEnd(event.child_workflow_execution_completed_event_attributes().initiated_event_id(),
                          progress);
    case HistoryEvent::kChildWorkflowExecutionFailedEventAttributes:
      return NoteChildEnd(event.child_workflow_execution_failed_event_attributes().initiated_event_id(),
                          progress);
    case HistoryEvent::kChildWorkflowExecutionCanceledEventAttributes:
      return NoteChildEnd(event.child_workflow_execution_canceled_event_attributes().initiated_event_id(),
                          progress);
    case HistoryEvent::kChildWorkflowExecutionTimedOutEventAttributes:
      return NoteChildEnd(event.child_workflow_execution_timed_out_event_attributes().initiated_event_id(),
                          progress);
    case HistoryEvent::kChildWorkflowExecutionTerminatedEventAttributes:
      return NoteChildEnd(event.child_workflow_execution_terminated_event_attributes().initiated_event_id(),
                          progress);
    default:
      return absl::OkStatus();
  }
}

absl::Status ReadExternalEvent(const HistoryEvent& event, Progress& progress) {
  switch (event.attributes_case()) {
    case HistoryEvent::kSignalExternalWorkflowExecutionInitiatedEventAttributes:
      return NoteBegun(event, event.signal_external_workflow_execution_initiated_event_attributes().control(),
                       progress);
    case HistoryEvent::kRequestCancelExternalWorkflowExecutionInitiatedEventAttributes:
      return NoteBegun(
          event, event.request_cancel_external_workflow_execution_initiated_event_attributes().control(),
          progress);
    case HistoryEvent::kExternalWorkflowExecutionSignaledEventAttributes:
      return NoteEnd(event.external_workflow_execution_signaled_event_attributes().initiated_event_id(),
                     progress);
    case HistoryEvent::kExternalWorkflowExecutionCancelRequestedEventAttributes:
      return NoteEnd(
          event.external_workflow_execution_cancel_requested_event_attributes().initiated_event_id(),
          progress);
    case HistoryEvent::kSignalExternalWorkflowExecutionFailedEventAttributes:
      return NoteEnd(event.signal_external_workflow_execution_failed_event_attributes().initiated_event_id(),
                     progress);
    case HistoryEvent::kRequestCancelExternalWorkflowExecutionFailedEventAttributes:
      return NoteEnd(
          event.request_cancel_external_workflow_execution_failed_event_attributes().initiated_event_id(),
          progress);
    default:
      return absl::OkStatus();
  }
}

// Activities are retried for ever, but not beyond the end of their run.
absl::Status NoteVainActivity(int64_t scheduled, Progress& progress) {
  if (!progress.has_run_timeout) return absl::DataLossError("an activity that retries for ever ended");
  return NoteEnd(scheduled, progress);
}

absl::Status ReadOwnEvent(const HistoryEvent& event, Progress& progress) {
  switch (event.attributes_case()) {
    case HistoryEvent::kActivityTaskScheduledEventAttributes:
      return NoteBegun(event, event.activity_task_scheduled_event_attributes().activity_id(), progress);
    case HistoryEvent::kActivityTaskCompletedEventAttributes:
      return NoteEnd(event.activity_task_completed_event_attributes().scheduled_event_id(), progress);
    case HistoryEvent::kTimerStartedEventAttributes:
      return NoteBegun(event, event.timer_started_event_attributes().timer_id(), progress);
    case HistoryEvent::kTimerFiredEventAttributes:
      return NoteEnd(event.timer_fired_event_attributes().started_event_id(), progress);
    case HistoryEvent::kActivityTaskFailedEventAttributes:
      return NoteVainActivity(event.activity_task_failed_event_attributes().scheduled_event_id(), progress);
    case HistoryEvent::kActivityTaskTimedOutEventAttributes:
      return NoteVainActivity(event.activity_task_timed_out_event_attributes().scheduled_event_id(),
                              progress);
    case HistoryEvent::kWorkflowExecutionStartedEventAttributes:
      progress.has_run_timeout =
          event.workflow_execution_started_event_attributes().workflow_run_timeout().seconds() > 0;
      return absl::OkStatus();
    case HistoryEvent::kWorkflowExecutionSignaledEventAttributes:
      ++progress.signals;
      return absl::OkStatus();
    case HistoryEvent::kWorkflowExecutionCancelRequestedEventAttributes:
      if (std::exchange(progress.cancel_requested, true))
        return absl::DataLossError("a cancel was requested twice");
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

}  // namespace

absl::StatusOr<Progress> ReadProgress(const History& history) {
  Progress progress;
  for (const auto& event : history.events()) {
    for (const auto& read : {ReadOwnEvent, ReadChildEvent, ReadExternalEvent}) {
      if (absl::Status status = read(event, progress); !status.ok()) return status;
    }
  }
  return progress;
}

}  // namespace perdure::simulation
