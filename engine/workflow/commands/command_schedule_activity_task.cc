#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "engine/activity_rules/activity_options.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/commands/command.h"
#include "fmt/format.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::command::v1::ScheduleActivityTaskCommandAttributes;
using temporal::api::history::v1::ActivityTaskScheduledEventAttributes;

CommandFailure BadScheduleActivity(std::string message) {
  return {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_ACTIVITY_ATTRIBUTES, std::move(message)};
}

void Copy(const ScheduleActivityTaskCommandAttributes& wanted,
          ActivityTaskScheduledEventAttributes& options) {
  options.set_activity_id(wanted.activity_id());
  if (wanted.has_activity_type()) *options.mutable_activity_type() = wanted.activity_type();
  if (wanted.has_task_queue()) *options.mutable_task_queue() = wanted.task_queue();
  if (wanted.has_header()) *options.mutable_header() = wanted.header();
  if (wanted.has_input()) *options.mutable_input() = wanted.input();
  *options.mutable_schedule_to_close_timeout() = wanted.schedule_to_close_timeout();
  *options.mutable_schedule_to_start_timeout() = wanted.schedule_to_start_timeout();
  *options.mutable_start_to_close_timeout() = wanted.start_to_close_timeout();
  *options.mutable_heartbeat_timeout() = wanted.heartbeat_timeout();
  *options.mutable_retry_policy() = wanted.retry_policy();
  options.set_use_workflow_build_id(wanted.use_workflow_build_id());
  if (wanted.has_priority()) *options.mutable_priority() = wanted.priority();
}

// What the run's state forbids.
CommandResult CheckAgainst(const State& state, const limits::PerNamespace& allowed,
                           const ActivityTaskScheduledEventAttributes& options) {
  if (options.use_workflow_build_id() && options.task_queue().name() != state.task_queue) {
    return BadScheduleActivity("Activity with UseCompatibleVersion cannot run on different task queue.");
  }
  if (options.input().ByteSizeLong() > allowed.blob_size) {
    CommandFailure failure =
        BadScheduleActivity("ScheduleActivityTaskCommandAttributes.Input exceeds size limit.");
    failure.terminates_run = true;
    return failure;
  }
  if (state.activities->size() >= allowed.pending_activities) {
    return CommandFailure{
        enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_ACTIVITIES_LIMIT_EXCEEDED,
        fmt::format("the number of pending activities, {}, has reached the per-workflow limit of {}",
                    state.activities->size(), allowed.pending_activities)};
  }
  if (state.activity_ids->contains(options.activity_id())) {
    return CommandFailure{
        enums::WORKFLOW_TASK_FAILED_CAUSE_SCHEDULE_ACTIVITY_DUPLICATE_ID,
        fmt::format(
            "invalid history builder state for action: add-activitytask-scheduled-event, ActivityID: {}",
            Shown(options.activity_id()))};
  }
  return std::nullopt;
}

}  // namespace

CommandResult ScheduleActivityTask(CommandContext& context, const Command& command) {
  if (!command.has_schedule_activity_task_command_attributes()) {
    return BadScheduleActivity(
        "ScheduleActivityTaskCommandAttributes is not set on ScheduleActivityTaskCommand.");
  }
  const auto& wanted = command.schedule_activity_task_command_attributes();
  const State& state = context.transition.state();
  const auto& started = state.facts->started->workflow_execution_started_event_attributes();
  HistoryEvent event = context.transition.NewEvent(enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED);
  auto& options = *event.mutable_activity_task_scheduled_event_attributes();
  Copy(wanted, options);
  const RunLimits run{state.task_queue, FromProto(started.workflow_run_timeout())};
  const ActivityNames names{options.activity_id(), options.activity_type().name()};
  if (auto wrong = CompleteActivityOptions(names, run, options))
    return BadScheduleActivity(*std::move(wrong));
  if (auto failure = CheckAgainst(state, context.transition.context().settings.limits, options))
    return failure;

  options.set_workflow_task_completed_event_id(context.completed_event_id);
  CopyMetadata(command, event);
  const int64_t scheduled_event_id = context.transition.Emit(std::move(event));
  SayOf(context.transition, scheduled_event_id, ActivityScheduled{});
  if (wanted.request_eager_execution()) context.eager_activities.push_back(scheduled_event_id);
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
