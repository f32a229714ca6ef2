#include <utility>

#include "base/status.h"
#include "engine/workflow/handle.h"
#include "engine/workflow/queries/queries.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/updates/updates.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

// What is told about the worker in the started event. Workers of a versioned deployment are told apart
// elsewhere.
temporal::api::common::v1::WorkerVersionStamp VersionOf(const api::PollWorkflowTaskQueueRequest& poll) {
  temporal::api::common::v1::WorkerVersionStamp stamp;
  const auto& options = poll.deployment_options();
  const auto& capabilities = poll.worker_version_capabilities();
  if (options.worker_versioning_mode() == enums::WORKER_VERSIONING_MODE_VERSIONED &&
      !options.deployment_name().empty()) {
    return stamp;
  }
  if (capabilities.use_versioning() && !capabilities.deployment_series_name().empty()) return stamp;
  stamp.set_build_id(capabilities.build_id());
  stamp.set_use_versioning(capabilities.use_versioning() && !capabilities.build_id().empty());
  return stamp;
}

}  // namespace

absl::StatusOr<Reply> Handle(Transition& transition, const StartWorkflowTask& request) {
  const State& state = transition.state();
  if (absl::Status open = CheckOpen(state); !open.ok()) return open;
  if (state.workflow_task.pending() == nullptr) return NotFound("Workflow task not found.");
  if (const WorkflowTask* running = state.workflow_task.running(); running != nullptr) {
    const auto& started = running->started->workflow_task_started_event_attributes();
    if (started.request_id() != request.request_id) return NotFound("Workflow task already started.");
    WorkflowTaskReply again = ReplyForRunningTask(state, state.sticky.has_value());
    // What has been buffered since the start is not shown to its worker, and a query may have been asked
    // after it.
    if (!transition.HasBuffered()) AttachQueries(transition, again);
    AddUpdateMessages(state, 0, again.response);
    return again;
  }
  const WorkflowTask& pending = *state.workflow_task.waiting();
  if (pending.scheduled_event_id != request.scheduled_event_id || pending.attempt != request.attempt) {
    return NotFound("Workflow task not found.");
  }
  if (request.polled_queue != pending.task_queue && request.polled_queue != state.task_queue) {
    return NotFound("Workflow task not found.");
  }
  // Another worker than the one that has the history: nobody polls the sticky queue.
  if (state.sticky.has_value() && request.polled_queue != state.sticky->name) ClearSticky(transition);

  Starter starter{request.request_id, request.identity, VersionOf(request.poll)};
  WorkflowTaskReply reply = StartPendingTask(transition, starter, state.sticky.has_value());
  AttachQueries(transition, reply);
  if (request.eager) transition.HardenWorkflowTask();
  return reply;
}

}  // namespace perdure::engine::workflow
