#include "base/time.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

Command OfType(enums::CommandType type) {
  Command command;
  command.set_command_type(type);
  return command;
}

}  // namespace

Command CompleteWorkflow() {
  Command command = OfType(enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
  command.mutable_complete_workflow_execution_command_attributes();
  return command;
}

Command FailWorkflow(const std::string& message) {
  Command command = OfType(enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION);
  command.mutable_fail_workflow_execution_command_attributes()->mutable_failure()->set_message(message);
  return command;
}

Command CancelWorkflow() {
  Command command = OfType(enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION);
  command.mutable_cancel_workflow_execution_command_attributes();
  return command;
}

Command ContinueAsNew(
    const With<temporal::api::command::v1::ContinueAsNewWorkflowExecutionCommandAttributes>& with) {
  Command command = OfType(enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
  auto* attributes = command.mutable_continue_as_new_workflow_execution_command_attributes();
  if (with) with(*attributes);
  return command;
}

Command Marker(const std::string& name) {
  Command command = OfType(enums::COMMAND_TYPE_RECORD_MARKER);
  command.mutable_record_marker_command_attributes()->set_marker_name(name);
  return command;
}

Command StartTimer(const std::string& timer_id, absl::Duration duration) {
  Command command = OfType(enums::COMMAND_TYPE_START_TIMER);
  auto* attributes = command.mutable_start_timer_command_attributes();
  attributes->set_timer_id(timer_id);
  *attributes->mutable_start_to_fire_timeout() = ToProto(duration);
  return command;
}

Command CancelTimer(const std::string& timer_id) {
  Command command = OfType(enums::COMMAND_TYPE_CANCEL_TIMER);
  command.mutable_cancel_timer_command_attributes()->set_timer_id(timer_id);
  return command;
}

Command ScheduleActivity(
    const std::string& activity_id,
    const With<temporal::api::command::v1::ScheduleActivityTaskCommandAttributes>& with) {
  Command command = OfType(enums::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
  auto* attributes = command.mutable_schedule_activity_task_command_attributes();
  attributes->set_activity_id(activity_id);
  attributes->mutable_activity_type()->set_name("Act");
  attributes->mutable_task_queue()->set_name("queue");
  *attributes->mutable_start_to_close_timeout() = ToProto(absl::Seconds(10));
  if (with) with(*attributes);
  return command;
}

Command CancelActivity(int64_t scheduled_event_id) {
  Command command = OfType(enums::COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK);
  command.mutable_request_cancel_activity_task_command_attributes()->set_scheduled_event_id(
      scheduled_event_id);
  return command;
}

}  // namespace perdure::engine::workflow::testing
