#include "server/history/execution_row.h"

#include "engine/values/payload.h"
#include "engine/workflow/workflow.h"

namespace perdure::server {
namespace {

// A closed run's list entry shows two more than its description.
temporal::api::common::v1::SearchAttributes SearchAttributesOfRow(const engine::workflow::State& state) {
  auto attributes = SearchAttributesOf(state);
  const engine::workflow::ExternalPayloads& external = state.external_payloads;
  if (state.IsOpen() || external.count == 0) return attributes;
  auto& fields = *attributes.mutable_indexed_fields();
  fields["TemporalExternalPayloadCount"] = engine::IntPayload(external.count);
  fields["TemporalExternalPayloadSizeBytes"] = engine::IntPayload(external.size_bytes);
  return attributes;
}

}  // namespace

persistence::ExecutionRow MakeExecutionRow(const engine::workflow::State& state, bool current) {
  persistence::ExecutionRow row;
  row.namespace_id = state.facts->namespace_id;
  row.workflow_id = state.facts->workflow_id;
  row.current = current;
  row.status = state.status;
  row.workflow_type = state.workflow_type;
  row.task_queue = state.task_queue;
  row.start_time = state.facts->start_time;
  row.execution_time = state.first_task_not_before.value_or(state.facts->start_time);
  row.close_time = state.close_time;
  if (!state.IsOpen()) {
    row.history_length = state.next_event_id - 1;
    row.history_size_bytes = state.history_size_bytes;
    row.state_transition_count = state.last_sequence;
    row.delete_at = state.delete_after;  // a closed run owes nothing
  }
  row.memo = state.memo->SerializeAsString();
  row.search_attributes = SearchAttributesOfRow(state).SerializeAsString();
  return row;
}

}  // namespace perdure::server
