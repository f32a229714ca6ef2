#include "engine/workflow/run/close.h"

#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"

namespace perdure::engine::workflow {

int64_t CloseRun(Transition& transition, HistoryEvent event) {
  PERDURE_CHECK(transition.state().workflow_task.running() == nullptr,
                "a running workflow task ends before its run");
  const WorkflowTask* const waiting = transition.state().workflow_task.waiting();
  if (waiting != nullptr && waiting->schedule == WorkflowTask::Schedule::kSpeculative) {
    transition.DropSpeculative();
  }
  const int64_t id = transition.Emit(std::move(event));
  perdure::engine::Change change;
  *change.mutable_run_closed()->mutable_delete_after() =
      ToProto(transition.now() + transition.context().settings.retention);
  transition.Change(std::move(change));
  const State& state = transition.state();
  transition.Say(RunClosed{state.status, transition.now() - state.facts->start_time});
  return id;
}

void ForceClose(Transition& transition, HistoryEvent event) {
  if (transition.state().workflow_task.running() != nullptr) {
    WorkflowTaskFailedEventAttributes why;
    why.set_cause(temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND);
    why.set_identity(std::string(kHistoryService));
    FailRunningTask(transition, std::move(why));
    transition.FlushBuffer();
  }
  CloseRun(transition, std::move(event));
}

HistoryEvent NewTerminated(const Transition& transition, std::string_view reason, std::string_view identity) {
  HistoryEvent event =
      transition.NewEvent(temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED);
  auto* terminated = event.mutable_workflow_execution_terminated_event_attributes();
  terminated->set_reason(std::string(reason));
  terminated->set_identity(std::string(identity));
  return event;
}

absl::Status CheckOpen(const State& state) {
  return state.IsOpen() ? absl::OkStatus() : NotFound("workflow execution already completed");
}

absl::Status WorkflowClosing() {
  return ResourceExhausted("workflow operation can not be applied because workflow is closing",
                           temporal::api::enums::v1::RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW,
                           temporal::api::enums::v1::RESOURCE_EXHAUSTED_SCOPE_NAMESPACE);
}

absl::Status CheckChain(const State& state, std::string_view first_execution_run_id) {
  const auto& started = state.facts->started->workflow_execution_started_event_attributes();
  if (first_execution_run_id.empty() || first_execution_run_id == started.first_execution_run_id()) {
    return absl::OkStatus();
  }
  return NotFound("workflow execution not found");
}

}  // namespace perdure::engine::workflow
