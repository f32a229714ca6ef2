#include "server/history/execution_row.h"

#include "engine/workflow/workflow.h"

namespace perdure::server {

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
  row.search_attributes = SearchAttributesOf(state).SerializeAsString();
  return row;
}

}  // namespace perdure::server
