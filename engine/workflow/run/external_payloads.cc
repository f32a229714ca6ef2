#include "engine/workflow/run/external_payloads.h"

#include "engine/workflow/fold/event_table.h"
#include "engine/workflow/run/payload_counter.h"

namespace perdure::engine::workflow {

using temporal::api::failure::v1::Failure;
using temporal::api::history::v1::HistoryEvent;

void PayloadCounter::Add(const temporal::api::common::v1::Payload& payload) {
  for (const auto& external : payload.external_payloads()) {
    ++count_;
    size_bytes_ += static_cast<uint64_t>(external.size_bytes());
  }
}

void PayloadCounter::Add(const temporal::api::common::v1::Payloads& payloads) {
  for (const auto& payload : payloads.payloads()) Add(payload);
}

void PayloadCounter::Add(const PayloadMap& fields) {
  for (const auto& [key, payload] : fields) Add(payload);
}

void PayloadCounter::Add(const Failure& failure) {
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

ExternalPayloads ExternalPayloadsOf(const HistoryEvent& event) {
  PayloadCounter counter;
  const EventRow* row = FindEventRow(event.event_type());
  if (row != nullptr && row->payloads != nullptr) row->payloads(event, counter);
  if (event.has_user_metadata()) {
    counter.Add(event.user_metadata().summary());
    counter.Add(event.user_metadata().details());
  }
  return counter.counted();
}

void payloads_of::ExecutionStarted(const HistoryEvent& event, PayloadCounter& counter) {
  const auto& attributes = event.workflow_execution_started_event_attributes();
  counter.Add(attributes.input());
  counter.Add(attributes.continued_failure());
  counter.Add(attributes.last_completion_result());
  counter.Add(attributes.memo().fields());
  counter.Add(attributes.header().fields());
}

void payloads_of::ExecutionSignaled(const HistoryEvent& event, PayloadCounter& counter) {
  const auto& attributes = event.workflow_execution_signaled_event_attributes();
  counter.Add(attributes.input());
  counter.Add(attributes.header().fields());
}

void payloads_of::UpdateAdmitted(const HistoryEvent& event, PayloadCounter& counter) {
  const auto& input = event.workflow_execution_update_admitted_event_attributes().request().input();
  counter.Add(input.args());
  counter.Add(input.header().fields());
}

void payloads_of::UpdateAccepted(const HistoryEvent& event, PayloadCounter& counter) {
  const auto& input = event.workflow_execution_update_accepted_event_attributes().accepted_request().input();
  counter.Add(input.args());
  counter.Add(input.header().fields());
}

void payloads_of::UpdateCompleted(const HistoryEvent& event, PayloadCounter& counter) {
  const auto& outcome = event.workflow_execution_update_completed_event_attributes().outcome();
  counter.Add(outcome.success());
  counter.Add(outcome.failure());
}

void payloads_of::ExecutionCompleted(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.workflow_execution_completed_event_attributes().result());
}

void payloads_of::ExecutionFailed(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.workflow_execution_failed_event_attributes().failure());
}

void payloads_of::ExecutionCanceled(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.workflow_execution_canceled_event_attributes().details());
}

void payloads_of::ExecutionTerminated(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.workflow_execution_terminated_event_attributes().details());
}

void payloads_of::PropertiesModified(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.workflow_properties_modified_event_attributes().upserted_memo().fields());
}

void payloads_of::MarkerRecorded(const HistoryEvent& event, PayloadCounter& counter) {
  const auto& marker = event.marker_recorded_event_attributes();
  for (const auto& [key, payloads] : marker.details()) counter.Add(payloads);
  counter.Add(marker.header().fields());
  counter.Add(marker.failure());
}

void payloads_of::ChildInitiated(const HistoryEvent& event, PayloadCounter& counter) {
  const auto& attributes = event.start_child_workflow_execution_initiated_event_attributes();
  counter.Add(attributes.input());
  counter.Add(attributes.memo().fields());
  counter.Add(attributes.header().fields());
}

void payloads_of::ChildStarted(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.child_workflow_execution_started_event_attributes().header().fields());
}

void payloads_of::ChildCompleted(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.child_workflow_execution_completed_event_attributes().result());
}

void payloads_of::ChildFailed(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.child_workflow_execution_failed_event_attributes().failure());
}

void payloads_of::ChildCanceled(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.child_workflow_execution_canceled_event_attributes().details());
}

void payloads_of::SignalInitiated(const HistoryEvent& event, PayloadCounter& counter) {
  const auto& attributes = event.signal_external_workflow_execution_initiated_event_attributes();
  counter.Add(attributes.input());
  counter.Add(attributes.header().fields());
}

void payloads_of::WorkflowTaskFailed(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.workflow_task_failed_event_attributes().failure());
}

void payloads_of::ActivityScheduled(const HistoryEvent& event, PayloadCounter& counter) {
  const auto& attributes = event.activity_task_scheduled_event_attributes();
  counter.Add(attributes.input());
  counter.Add(attributes.header().fields());
}

void payloads_of::ActivityStarted(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.activity_task_started_event_attributes().last_failure());
}

void payloads_of::ActivityCompleted(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.activity_task_completed_event_attributes().result());
}

void payloads_of::ActivityFailed(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.activity_task_failed_event_attributes().failure());
}

void payloads_of::ActivityTimedOut(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.activity_task_timed_out_event_attributes().failure());
}

void payloads_of::ActivityCanceled(const HistoryEvent& event, PayloadCounter& counter) {
  counter.Add(event.activity_task_canceled_event_attributes().details());
}

}  // namespace perdure::engine::workflow
