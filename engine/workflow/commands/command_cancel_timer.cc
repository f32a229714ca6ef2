#include "base/limits.h"
#include "base/text.h"
#include "engine/workflow/commands/command.h"
#include "fmt/format.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

CommandFailure BadCancelTimer(std::string message) {
  return {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_CANCEL_TIMER_ATTRIBUTES, std::move(message)};
}

// The event that started the timer whose TimerFired is in the buffer.
std::optional<int64_t> StartOfBufferedFiring(const State& state, const std::string& timer_id) {
  for (const EventPtr& event : *state.buffered) {
    if (event->event_type() == enums::EVENT_TYPE_TIMER_FIRED &&
        event->timer_fired_event_attributes().timer_id() == timer_id) {
      return event->timer_fired_event_attributes().started_event_id();
    }
  }
  return std::nullopt;
}

}  // namespace

CommandResult CancelTimer(CommandContext& context, const Command& command) {
  if (!command.has_cancel_timer_command_attributes()) {
    return BadCancelTimer("CancelTimerCommandAttributes is not set on CancelTimerCommand.");
  }
  const std::string& timer_id = command.cancel_timer_command_attributes().timer_id();
  if (timer_id.empty()) return BadCancelTimer("TimerId is not set on CancelTimerCommand.");
  if (timer_id.size() > limits::kIdLength) {
    return BadCancelTimer(
        fmt::format("TimerId on CancelTimerCommand exceeds length limit. TimerId={} Length={} Limit={}",
                    Shown(timer_id), timer_id.size(), limits::kIdLength));
  }

  Transition& transition = context.transition;
  int64_t started_event_id = 0;
  if (auto running = transition.state().timers->find(timer_id); running != transition.state().timers->end()) {
    started_event_id = running->second.started_event_id;
  } else if (auto started = StartOfBufferedFiring(transition.state(), timer_id)) {
    // The workflow has not seen the timer fire, so it never did.
    started_event_id = *started;
    transition.DropBufferedFiring(started_event_id);
  } else {
    return BadCancelTimer(fmt::format(
        "invalid history builder state for action: add-timer-canceled-event, TimerID: {}", Shown(timer_id)));
  }
  context.has_buffered = context.has_buffered && transition.HasBuffered();

  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_TIMER_CANCELED);
  auto* attributes = event.mutable_timer_canceled_event_attributes();
  attributes->set_timer_id(timer_id);
  attributes->set_started_event_id(started_event_id);
  attributes->set_workflow_task_completed_event_id(context.completed_event_id);
  attributes->set_identity(context.identity);
  CopyMetadata(command, event);
  transition.Emit(std::move(event));
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
