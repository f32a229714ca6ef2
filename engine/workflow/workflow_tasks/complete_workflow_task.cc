#include <utility>

#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "base/time.h"
#include "engine/values/failures.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/commands/command_rules.h"
#include "engine/workflow/commands/names.h"
#include "engine/workflow/handle.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using CompletedRequest = api::RespondWorkflowTaskCompletedRequest;

bool IsVersioned(const CompletedRequest& request) {
  return request.deployment_options().worker_versioning_mode() == enums::WORKER_VERSIONING_MODE_VERSIONED;
}

// Refuses what is wrong with a completion whatever the state of the run.
absl::Status CheckRequest(const CompletedRequest& request, const NamespaceSettings& settings) {
  if (request.versioning_behavior() != enums::VERSIONING_BEHAVIOR_UNSPECIFIED && !request.has_deployment() &&
      !IsVersioned(request)) {
    return InvalidArgument(
        "versioning behavior cannot be specified without deployment options being set with versioned mode");
  }
  if (request.intermediate_page() || request.page_number() > 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "workflow task completion pagination is disabled for this namespace ", Shown(settings.name)));
  }
  if (!request.messages().empty()) {
    return absl::UnimplementedError(
        "RespondWorkflowTaskCompleted: messages are not supported by this server yet");
  }
  return CheckSequence(request.commands());
}

// Whether the worker only says that it is still busy.
bool IsHeartbeat(const CompletedRequest& request) {
  return request.force_create_new_workflow_task() && request.commands().empty() && request.messages().empty();
}

absl::Time HeartbeatsSince(const WorkflowTask& task) {
  return task.original_scheduled_time.value_or(task.scheduled_time);
}

// Of a transient task, Scheduled and Started are written only now.
int64_t EmitCompleted(Transition& transition, const CompletedRequest& request) {
  transition.HardenWorkflowTask();
  const WorkflowTask task = *transition.state().workflow_task.running();
  if (task.IsTransient()) {
    transition.Emit(*task.scheduled);
    transition.Emit(*task.started);
  }
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
  auto* completed = event.mutable_workflow_task_completed_event_attributes();
  completed->set_scheduled_event_id(task.scheduled_event_id);
  completed->set_started_event_id(task.started_event_id);
  completed->set_identity(request.identity());
  completed->set_binary_checksum(request.binary_checksum());
  if (request.has_worker_version_stamp()) {
    *completed->mutable_worker_version() = request.worker_version_stamp();
  }
  if (request.has_sdk_metadata()) *completed->mutable_sdk_metadata() = request.sdk_metadata();
  if (request.has_metering_metadata()) *completed->mutable_metering_metadata() = request.metering_metadata();
  const auto& options = request.deployment_options();
  completed->set_worker_deployment_name(
      !options.deployment_name().empty() ? options.deployment_name() : request.deployment().series_name());
  if (IsVersioned(request)) {
    completed->set_versioning_behavior(request.versioning_behavior());
    completed->mutable_deployment_version()->set_deployment_name(options.deployment_name());
    completed->mutable_deployment_version()->set_build_id(options.build_id());
  }
  return transition.Emit(std::move(event));
}

void SetSticky(Transition& transition, const CompletedRequest& request) {
  const auto& attributes = request.sticky_attributes();
  if (attributes.worker_task_queue().name().empty()) return ClearSticky(transition);
  const absl::Duration timeout = FromProto(attributes.schedule_to_start_timeout());
  const std::optional<StickyTaskQueue>& now = transition.state().sticky;
  if (now.has_value() && now->name == attributes.worker_task_queue().name() &&
      now->schedule_to_start_timeout == timeout) {
    return;
  }
  perdure::engine::Change change;
  auto* sticky = change.mutable_sticky_task_queue();
  sticky->set_name(attributes.worker_task_queue().name());
  *sticky->mutable_schedule_to_start_timeout() = ToProto(timeout);
  transition.Change(std::move(change));
}

// The worker has been busy for too long without getting on: another one gets the task.
absl::Status TimeOutHeartbeats(Transition& transition) {
  TimeOutRunningTask(transition);
  transition.Say(WorkflowTaskTimedOut{enums::TIMEOUT_TYPE_HEARTBEAT});
  ClearSticky(transition);
  ScheduleWorkflowTask(transition);
  return NotFound("workflow task heartbeat timeout");
}

// A command was invalid: nothing of the completion counts, and the task fails.
absl::Status FailCompletion(Transition& transition, const CommandFailure& failure,
                            const CompletedRequest& request) {
  const std::string message = failure.message.empty()
                                  ? ShortName(failure.cause)
                                  : absl::StrCat(ShortName(failure.cause), ": ", failure.message);
  // A worker that fails again and again is slowed down: its task times out.
  const bool repeated = transition.state().workflow_task.running()->attempt > 1;
  if (repeated && failure.cause != enums::WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND) {
    return InvalidArgument(message);
  }
  transition.Say(WorkflowTaskFailed{.completion_refused = true});
  WorkflowTaskFailedEventAttributes why;
  why.set_cause(failure.cause);
  *why.mutable_failure() = ServerFailure(message, false);
  why.set_identity(request.identity());
  why.set_binary_checksum(request.binary_checksum());
  FailRunningTask(transition, std::move(why));
  if (failure.terminates_run) {
    transition.FlushBuffer();
    CloseRun(transition, NewTerminated(transition, message, kHistoryService));
  } else {
    ScheduleWorkflowTask(transition);
  }
  return InvalidArgument(message);
}

WorkflowTaskCompleted NewCompleted(const CompletedRequest& request) {
  WorkflowTaskCompleted completed{.sticky = request.sticky_attributes().has_worker_task_queue(),
                                  .commands = {}};
  completed.commands.reserve(static_cast<size_t>(request.commands_size()));
  for (const auto& command : request.commands()) completed.commands.push_back(command.command_type());
  return completed;
}

bool IsPending(const State& state, int64_t scheduled_event_id) {
  return state.IsOpen() && state.activities->contains(scheduled_event_id);
}

void StartEagerActivities(CommandContext& context, CompletedReply& reply) {
  Transition& transition = context.transition;
  for (const int64_t id : context.eager_activities) {
    // A later command may have canceled it, or closed the run.
    if (!IsPending(transition.state(), id)) continue;
    reply.eager_activities.push_back(StartActivityNow(
        transition, id, Uuid::Mint(transition.context().random).ToString(), context.identity));
  }
}

}  // namespace

absl::StatusOr<Reply> Handle(Transition& transition, const CompleteWorkflowTask& completion) {
  const CompletedRequest& request = completion.request;
  const auto found = FindRunningTask(transition.state(), completion.token);
  if (!found.ok()) return found.status();
  if (absl::Status status = CheckRequest(request, transition.context().settings); !status.ok()) return status;

  const absl::Time heartbeats_since = HeartbeatsSince(**found);
  const bool heartbeat = IsHeartbeat(request);
  if (heartbeat && transition.now() > heartbeats_since + limits::kWorkflowTaskHeartbeatTimeout) {
    return TimeOutHeartbeats(transition);
  }

  std::optional<Transition::Checkpoint> start;
  if (!request.commands().empty()) start = transition.Save();
  CommandContext context{.transition = transition,
                         .identity = request.identity(),
                         .eager_activities = {},
                         .has_buffered = transition.HasBuffered()};
  context.completed_event_id = EmitCompleted(transition, request);
  SetSticky(transition, request);
  if (const CommandResult failure = RunCommands(context, request.commands())) {
    transition.RollBack(*std::move(start));
    if (failure->refuses_completion.has_value()) return *failure->refuses_completion;
    return FailCompletion(transition, *failure, request);
  }
  start.reset();
  transition.Say(NewCompleted(request));

  CompletedReply reply;
  StartEagerActivities(context, reply);
  if (request.force_create_new_workflow_task() || transition.HasBuffered()) {
    ScheduleWorkflowTask(transition, heartbeat ? std::optional(heartbeats_since) : std::nullopt);
    if (request.return_new_workflow_task() && transition.state().IsOpen()) {
      const Starter starter{"request-from-RespondWorkflowTaskCompleted", request.identity(),
                            request.worker_version_stamp()};
      reply.workflow_task = StartPendingTask(transition, starter, true);
    }
  }
  return reply;
}

}  // namespace perdure::engine::workflow
