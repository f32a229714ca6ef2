#include "base/limits.h"
#include "base/text.h"
#include "engine/values/durations.h"
#include "engine/workflow/commands/command.h"
#include "fmt/format.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

CommandFailure BadStartTimer(std::string message) {
  return {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_START_TIMER_ATTRIBUTES, std::move(message)};
}

}  // namespace

CommandResult StartTimer(CommandContext& context, const Command& command) {
  if (!command.has_start_timer_command_attributes()) {
    return BadStartTimer("StartTimerCommandAttributes is not set on StartTimerCommand.");
  }
  const auto& wanted = command.start_timer_command_attributes();
  const std::string& timer_id = wanted.timer_id();
  if (timer_id.empty()) return BadStartTimer("TimerId is not set on StartTimerCommand.");
  if (timer_id.size() > limits::kIdLength) {
    return BadStartTimer(
        fmt::format("TimerId on StartTimerCommand exceeds length limit. TimerId={} Length={} Limit={}",
                    Shown(timer_id), timer_id.size(), limits::kIdLength));
  }
  google::protobuf::Duration timeout = wanted.start_to_fire_timeout();
  if (auto wrong = ValidateAndCap(timeout)) {
    return BadStartTimer(
        fmt::format("An invalid StartToFireTimeout is set on StartTimerCommand: {}. TimerId={}", *wrong,
                    Shown(timer_id)));
  }
  if (context.transition.state().timers->contains(timer_id)) {
    return CommandFailure{
        enums::WORKFLOW_TASK_FAILED_CAUSE_START_TIMER_DUPLICATE_ID,
        fmt::format("invalid history builder state for action: add-timer-started-event, TimerID: {}",
                    Shown(timer_id))};
  }

  HistoryEvent event = context.transition.NewEvent(enums::EVENT_TYPE_TIMER_STARTED);
  auto* attributes = event.mutable_timer_started_event_attributes();
  attributes->set_timer_id(timer_id);
  if (wanted.has_start_to_fire_timeout()) *attributes->mutable_start_to_fire_timeout() = std::move(timeout);
  attributes->set_workflow_task_completed_event_id(context.completed_event_id);
  CopyMetadata(command, event);
  context.transition.Emit(std::move(event));
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
