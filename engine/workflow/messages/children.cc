#include "engine/workflow/messages/children.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/workflow/timers/execution_timers.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

const temporal::api::history::v1::WorkflowExecutionStartedEventAttributes& StartedOfRun(const State& state) {
  return state.facts->started->workflow_execution_started_event_attributes();
}

}  // namespace

const InitiatedChild& Initiated(const PendingChild& child) {
  return child.initiated->start_child_workflow_execution_initiated_event_attributes();
}

bool HasParent(const State& state) { return StartedOfRun(state).has_parent_workflow_execution(); }

WorkflowExecution ExecutionOf(const State& state) {
  WorkflowExecution execution;
  execution.set_workflow_id(state.facts->workflow_id);
  execution.set_run_id(state.facts->run_id.ToString());
  return execution;
}

WorkflowExecution RootOf(const State& state) {
  const auto& started = StartedOfRun(state);
  return started.has_root_workflow_execution() ? started.root_workflow_execution() : ExecutionOf(state);
}

const std::string& FirstRunIdOf(const State& state) { return StartedOfRun(state).first_execution_run_id(); }

const std::string& OriginalRunIdOf(const State& state) {
  return StartedOfRun(state).original_execution_run_id();
}

std::string ChildRequestId(const Uuid& parent_run_id, int64_t initiated_event_id) {
  // The last part is the failover version of a cluster.
  return absl::StrCat(parent_run_id.ToString(), ":", initiated_event_id, ":0");
}

bool IsItself(const State& state, const Uuid& namespace_id, const std::string& workflow_id) {
  return namespace_id == state.facts->namespace_id && workflow_id == state.facts->workflow_id;
}

void NoteMinted(Transition& transition, int64_t initiated_event_id, const Uuid& id) {
  perdure::engine::Change change;
  change.mutable_message_minted()->set_initiated_event_id(initiated_event_id);
  change.mutable_message_minted()->set_id(std::string(id.View()));
  transition.Change(std::move(change));
}

void ReleaseRun(Transition& transition) {
  const State& state = transition.state();
  if (!state.IsOpen() || !state.unreleased) return;
  perdure::engine::Change change;
  change.mutable_run_released();
  transition.Change(std::move(change));
  if (!IsDelayed(state, transition.now())) ScheduleWorkflowTask(transition);
}

}  // namespace perdure::engine::workflow
