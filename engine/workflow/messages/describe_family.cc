// What a run is to others: its children, its parent and the first run of its family.

#include "engine/workflow/messages/children.h"
#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow {

Family FamilyOf(const State& state) {
  const auto& started = state.facts->started->workflow_execution_started_event_attributes();
  const WorkflowExecution root = RootOf(state);
  Family family;
  family.root_id = root.workflow_id();
  family.root_run_id = Uuid::Parse(root.run_id()).value_or(state.facts->run_id);
  if (!HasParent(state)) return family;
  const WorkflowExecution& parent = started.parent_workflow_execution();
  family.parent = Family::Parent{Uuid::Parse(started.parent_workflow_namespace_id()).value_or(Uuid{}),
                                 parent.workflow_id(), Uuid::Parse(parent.run_id()).value_or(Uuid{})};
  return family;
}

void DescribeFamily(const State& state, api::DescribeWorkflowExecutionResponse& response) {
  auto& info = *response.mutable_workflow_execution_info();
  *info.mutable_root_execution() = RootOf(state);
  if (HasParent(state)) {
    const auto& started = state.facts->started->workflow_execution_started_event_attributes();
    info.set_parent_namespace_id(started.parent_workflow_namespace_id());
    *info.mutable_parent_execution() = started.parent_workflow_execution();
  }
  for (const auto& [id, child] : *state.children) {
    auto& pending = *response.add_pending_children();
    pending.set_workflow_id(Initiated(child).workflow_id());
    if (child.started) pending.set_run_id(child.run_id.ToString());
    pending.set_workflow_type_name(Initiated(child).workflow_type().name());
    pending.set_initiated_id(id);
    pending.set_parent_close_policy(Initiated(child).parent_close_policy());
  }
}

}  // namespace perdure::engine::workflow
