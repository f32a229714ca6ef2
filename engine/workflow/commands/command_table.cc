#include "engine/workflow/commands/command_table.h"

#include <algorithm>
#include <array>

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

constexpr std::array kCommandRows = {
    CommandRow{
        .type = enums::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK, .run = ScheduleActivityTask, .is_action = true},
    CommandRow{.type = enums::COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK, .run = RequestCancelActivityTask},
    CommandRow{.type = enums::COMMAND_TYPE_START_TIMER,
               .run = StartTimer,
               .is_action = true,
               .counter = "start_timer_command"},
    CommandRow{.type = enums::COMMAND_TYPE_CANCEL_TIMER, .run = CancelTimer},
    CommandRow{.type = enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
               .run = CompleteWorkflowExecution,
               .closes_run = true},
    CommandRow{.type = enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
               .run = FailWorkflowExecution,
               .closes_run = true},
    CommandRow{.type = enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION,
               .run = CancelWorkflowExecution,
               .closes_run = true},
    CommandRow{.type = enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION,
               .run = ContinueAsNewWorkflowExecution,
               .closes_run = true,
               .is_action = true,
               .counter = "continue_as_new_command"},
    CommandRow{.type = enums::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION,
               .run = StartChildWorkflowExecution,
               .is_action = true,
               .counter = "child_workflow_command"},
    CommandRow{.type = enums::COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION,
               .run = SignalExternalWorkflowExecution,
               .is_action = true,
               .counter = "signal_external_workflow_command"},
    CommandRow{.type = enums::COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION,
               .run = RequestCancelExternalWorkflowExecution},
    // The markers of a completion count as one action together (server/frontend/actions.cc).
    CommandRow{
        .type = enums::COMMAND_TYPE_RECORD_MARKER, .run = RecordMarker, .counter = "record_marker_command"},
    CommandRow{.type = enums::COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES,
               .run = ModifyWorkflowProperties,
               .is_action = true,
               .counter = "modify_workflow_properties_command"},
    CommandRow{.type = enums::COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
               .run = UpsertWorkflowSearchAttributes,
               .is_action = true,
               .counter = "upsert_workflow_search_attributes_command"},
    CommandRow{.type = enums::COMMAND_TYPE_PROTOCOL_MESSAGE, .run = ProtocolMessage},
    CommandRow{
        .type = enums::COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION, .run = UnsupportedCommand, .is_action = true},
    CommandRow{.type = enums::COMMAND_TYPE_REQUEST_CANCEL_NEXUS_OPERATION,
               .run = UnsupportedCommand,
               .is_action = true},
};

}  // namespace

std::span<const CommandRow> CommandRows() { return kCommandRows; }

const CommandRow* FindCommandRow(enums::CommandType type) {
  const auto* const found = std::find_if(kCommandRows.begin(), kCommandRows.end(),
                                         [&](const CommandRow& row) { return row.type == type; });
  return found == kCommandRows.end() ? nullptr : &*found;
}

}  // namespace perdure::engine::workflow
