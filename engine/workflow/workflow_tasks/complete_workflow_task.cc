#include <algorithm>
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
#include "engine/workflow/queries/queries.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/updates/updates.h"
#include "engine/workflow/workflow_tasks/completed_event.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using CompletedRequest = api::RespondWorkflowTaskCompletedRequest;

// Says of a command that nobody knows that it is none; the worker is told by CheckSequence.
void SayUnknown(Transition& transition, const CompletedRequest& request) {
  for (const auto& command : request.commands()) {
    if (IsUnknown(command.command_type())) transition.SayUnsupported(command.command_type());
  }
}

CommandResult CheckBinary(const CompletedRequest& request, const NamespaceSettings& settings) {
  const auto& bad = settings.bad_binaries;
  if (std::find(bad.begin(), bad.end(), request.binary_checksum()) == bad.end()) return std::nullopt;
  return CommandFailure{
      enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_BINARY,
      absl::StrCat("binary ", Shown(request.binary_checksum()), " is marked as bad deployment")};
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
  FillCompleted(task, request, *event.mutable_workflow_task_completed_event_attributes());
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
absl::Status TimeOutHeartbeats(Transition& transition, const CompletedRequest& request) {
  TimeOutRunningTask(transition);
  transition.Say(WorkflowTaskTimedOut{enums::TIMEOUT_TYPE_HEARTBEAT});
  ClearSticky(transition);
  ScheduleWorkflowTask(transition);
  AnswerQueries(transition, request);
  return NotFound("workflow task heartbeat timeout");
}

// A command was invalid: nothing of the completion counts, and the task fails.
absl::Status FailCompletion(Transition& transition, const CommandFailure& failure,
                            const CompletedRequest& request) {
  const std::string message = failure.message.empty()
                                  ? ShortName(failure.cause)
                                  : absl::StrCat(ShortName(failure.cause), ": ", failure.message);
  AbortSentUpdates(transition);
  if (failure.unsupported.has_value()) transition.SayUnsupported(*failure.unsupported);
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
    reply.eager_activities.push_back(
        StartActivityNow(transition, id,
                         {.request_id = Uuid::Mint(transition.context().random).ToString(),
                          .identity = context.identity,
                          .deployment = std::nullopt}));
  }
}

// The commands, the messages that they name in their places, and then the other messages.
CommandResult CarryOut(CommandContext& context, const CompletedRequest& request) {
  UpdateMessages messages(request.messages());
  context.messages = &messages;
  CommandResult result = RunCommands(context, request.commands());
  for (const auto* message : messages.TakeRest()) {
    if (result.has_value()) break;
    result = HandleUpdateMessage(context, *message);
  }
  context.messages = nullptr;
  return result;
}

// What the run wants next, and the worker gets at once if it asks for that.
void ScheduleNext(Transition& transition, const CompletedRequest& request,
                  std::optional<absl::Time> heartbeats_since, CompletedReply& reply) {
  const State& state = transition.state();
  const bool wanted = request.force_create_new_workflow_task() || transition.HasBuffered();
  if (!state.IsOpen() || (!wanted && state.admitted_updates->empty())) return;
  if (!wanted && request.return_new_workflow_task()) {
    ScheduleSpeculativeTask(transition);
  } else {
    ScheduleWorkflowTask(transition, heartbeats_since);
  }
  if (!request.return_new_workflow_task()) return;
  const Starter starter{"request-from-RespondWorkflowTaskCompleted", request.identity(),
                        request.worker_version_stamp(), request.force_create_new_workflow_task()};
  reply.workflow_task = StartPendingTask(transition, starter, true);
  AttachQueries(transition, *reply.workflow_task);
}

}  // namespace

absl::StatusOr<Reply> Handle(Transition& transition, const CompleteWorkflowTask& completion) {
  const CompletedRequest& request = completion.request;
  const auto found = FindRunningTask(transition.state(), completion.token);
  if (!found.ok()) return found.status();
  SayUnknown(transition, request);
  if (absl::Status status = CheckRequest(request, transition.context().settings); !status.ok()) return status;

  const absl::Time heartbeats_since = HeartbeatsSince(**found);
  const bool heartbeat = IsHeartbeat(request);
  if (heartbeat && transition.now() > heartbeats_since + limits::kWorkflowTaskHeartbeatTimeout) {
    return TimeOutHeartbeats(transition, request);
  }
  if (const CommandResult bad = CheckBinary(request, transition.context().settings)) {
    return FailCompletion(transition, *bad, request);
  }

  std::optional<Transition::Checkpoint> start;
  if (!request.commands().empty() || !request.messages().empty()) start = transition.Save();
  CommandContext context{.transition = transition,
                         .identity = request.identity(),
                         .eager_activities = {},
                         .has_buffered = transition.HasBuffered()};
  const bool traceless = LeavesNoTrace(transition.state(), request);
  if (traceless) {
    transition.DropSpeculative();
  } else {
    context.completed_event_id = EmitCompleted(transition, request);
    SetSticky(transition, request);
  }
  if (const CommandResult failure = CarryOut(context, request)) {
    transition.RollBack(*std::move(start));
    if (failure->refuses_completion.has_value()) return *failure->refuses_completion;
    return FailCompletion(transition, *failure, request);
  }
  start.reset();
  transition.Say(NewCompleted(request));
  if (transition.state().IsOpen() && !request.force_create_new_workflow_task()) RejectUnprocessed(transition);
  AnswerQueries(transition, request);

  CompletedReply reply;
  StartEagerActivities(context, reply);
  // The worker forgets what it has seen since that event.
  if (traceless) reply.response.set_reset_history_event_id(transition.state().previous_started_event_id);
  ScheduleNext(transition, request, heartbeat ? std::optional(heartbeats_since) : std::nullopt, reply);
  return reply;
}

}  // namespace perdure::engine::workflow
