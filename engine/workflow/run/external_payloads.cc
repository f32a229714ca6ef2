#include "engine/workflow/run/external_payloads.h"

#include "engine/values/payload.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::engine::workflow {
namespace {

namespace common = temporal::api::common::v1;
using temporal::api::failure::v1::Failure;
using temporal::api::history::v1::HistoryEvent;

class Counter {
 public:
  ExternalPayloads counted() const { return {count_, static_cast<int64_t>(size_bytes_)}; }

  void Add(const common::Payload& payload) {
    for (const auto& external : payload.external_payloads()) {
      ++count_;
      size_bytes_ += static_cast<uint64_t>(external.size_bytes());
    }
  }
  void Add(const common::Payloads& payloads) {
    for (const auto& payload : payloads.payloads()) Add(payload);
  }
  void Add(const PayloadMap& fields) {
    for (const auto& [key, payload] : fields) Add(payload);
  }
  // However deep its causes nest.
  void Add(const Failure& failure) {
    const Failure* next = &failure;
    while (next != nullptr) {
      Add(next->encoded_attributes());
      Add(next->application_failure_info().details());
      Add(next->timeout_failure_info().last_heartbeat_details());
      Add(next->canceled_failure_info().details());
      Add(next->reset_workflow_failure_info().last_heartbeat_details());
      next = next->has_cause() ? &next->cause() : nullptr;
    }
  }

 private:
  int64_t count_ = 0;
  uint64_t size_bytes_ = 0;
};

void AddExecution(const HistoryEvent& event, Counter& counter) {
  switch (event.attributes_case()) {
    case HistoryEvent::kWorkflowExecutionStartedEventAttributes: {
      const auto& started = event.workflow_execution_started_event_attributes();
      counter.Add(started.input());
      counter.Add(started.continued_failure());
      counter.Add(started.last_completion_result());
      counter.Add(started.memo().fields());
      counter.Add(started.header().fields());
      return;
    }
    case HistoryEvent::kWorkflowExecutionSignaledEventAttributes:
      counter.Add(event.workflow_execution_signaled_event_attributes().input());
      return counter.Add(event.workflow_execution_signaled_event_attributes().header().fields());
    case HistoryEvent::kWorkflowExecutionCompletedEventAttributes:
      return counter.Add(event.workflow_execution_completed_event_attributes().result());
    case HistoryEvent::kWorkflowExecutionFailedEventAttributes:
      return counter.Add(event.workflow_execution_failed_event_attributes().failure());
    case HistoryEvent::kWorkflowExecutionCanceledEventAttributes:
      return counter.Add(event.workflow_execution_canceled_event_attributes().details());
    case HistoryEvent::kWorkflowExecutionTerminatedEventAttributes:
      return counter.Add(event.workflow_execution_terminated_event_attributes().details());
    case HistoryEvent::kWorkflowPropertiesModifiedEventAttributes:
      return counter.Add(event.workflow_properties_modified_event_attributes().upserted_memo().fields());
    case HistoryEvent::kMarkerRecordedEventAttributes: {
      const auto& marker = event.marker_recorded_event_attributes();
      for (const auto& [key, payloads] : marker.details()) counter.Add(payloads);
      counter.Add(marker.header().fields());
      return counter.Add(marker.failure());
    }
    default:
      return;
  }
}

void AddChildren(const HistoryEvent& event, Counter& counter) {
  switch (event.attributes_case()) {
    case HistoryEvent::kStartChildWorkflowExecutionInitiatedEventAttributes: {
      const auto& initiated = event.start_child_workflow_execution_initiated_event_attributes();
      counter.Add(initiated.input());
      counter.Add(initiated.memo().fields());
      return counter.Add(initiated.header().fields());
    }
    case HistoryEvent::kChildWorkflowExecutionStartedEventAttributes:
      return counter.Add(event.child_workflow_execution_started_event_attributes().header().fields());
    case HistoryEvent::kChildWorkflowExecutionCompletedEventAttributes:
      return counter.Add(event.child_workflow_execution_completed_event_attributes().result());
    case HistoryEvent::kChildWorkflowExecutionFailedEventAttributes:
      return counter.Add(event.child_workflow_execution_failed_event_attributes().failure());
    case HistoryEvent::kChildWorkflowExecutionCanceledEventAttributes:
      return counter.Add(event.child_workflow_execution_canceled_event_attributes().details());
    case HistoryEvent::kSignalExternalWorkflowExecutionInitiatedEventAttributes: {
      const auto& initiated = event.signal_external_workflow_execution_initiated_event_attributes();
      counter.Add(initiated.input());
      return counter.Add(initiated.header().fields());
    }
    default:
      return;
  }
}

void AddTasks(const HistoryEvent& event, Counter& counter) {
  switch (event.attributes_case()) {
    case HistoryEvent::kWorkflowTaskFailedEventAttributes:
      return counter.Add(event.workflow_task_failed_event_attributes().failure());
    case HistoryEvent::kActivityTaskScheduledEventAttributes:
      counter.Add(event.activity_task_scheduled_event_attributes().input());
      return counter.Add(event.activity_task_scheduled_event_attributes().header().fields());
    case HistoryEvent::kActivityTaskStartedEventAttributes:
      return counter.Add(event.activity_task_started_event_attributes().last_failure());
    case HistoryEvent::kActivityTaskCompletedEventAttributes:
      return counter.Add(event.activity_task_completed_event_attributes().result());
    case HistoryEvent::kActivityTaskFailedEventAttributes:
      return counter.Add(event.activity_task_failed_event_attributes().failure());
    case HistoryEvent::kActivityTaskTimedOutEventAttributes:
      return counter.Add(event.activity_task_timed_out_event_attributes().failure());
    case HistoryEvent::kActivityTaskCanceledEventAttributes:
      return counter.Add(event.activity_task_canceled_event_attributes().details());
    default:
      return;
  }
}

}  // namespace

ExternalPayloads ExternalPayloadsOf(const HistoryEvent& event) {
  Counter counter;
  AddExecution(event, counter);
  AddTasks(event, counter);
  AddChildren(event, counter);
  if (event.has_user_metadata()) {
    counter.Add(event.user_metadata().summary());
    counter.Add(event.user_metadata().details());
  }
  return counter.counted();
}

}  // namespace perdure::engine::workflow
