#include <utility>

#include "base/status.h"
#include "engine/values/failures.h"
#include "engine/workflow/commands/names.h"
#include "engine/workflow/handle.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& transition, const FailWorkflowTask& failed) {
  const auto& request = failed.request;
  if (absl::Status open = CheckOpen(transition.state()); !open.ok()) return open;
  if (const auto task = FindRunningTask(transition.state(), failed.token); !task.ok()) return task.status();
  transition.Say(WorkflowTaskFailed{.completion_refused = false});

  if (request.cause() == temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE) {
    // It would be too large for the next attempt, too.
    ForceClose(transition, NewTerminated(transition, ShortName(request.cause()), kHistoryService));
    return Done{};
  }
  WorkflowTaskFailedEventAttributes why;
  why.set_cause(request.cause());
  if (request.has_failure()) {
    *why.mutable_failure() = request.failure();
    CutToLimit(*why.mutable_failure());
  }
  why.set_identity(request.identity());
  why.set_binary_checksum(request.binary_checksum());
  FailRunningTask(transition, std::move(why));
  ScheduleWorkflowTask(transition);
  return Done{};
}

}  // namespace perdure::engine::workflow
