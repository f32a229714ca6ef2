#include "engine/workflow/workflow.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "base/status.h"
#include "engine/event_frames.h"
#include "engine/workflow/handle.h"
#include "engine/workflow/queries/queries.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/transition.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

// Null while the run's history is within its limits.
const char* HistoryExcess(const State& state, const limits::PerNamespace& allowed) {
  if (!state.IsOpen()) return nullptr;
  if (state.history_size_bytes > allowed.history_size) return "Workflow history size exceeds limit.";
  if (state.next_event_id - 1 > allowed.history_count) return "Workflow history count exceeds limit.";
  return nullptr;
}

// How many commands the request brings: each makes an event or two. Any other request is far from adding half
// a history's worth to one: what it flushes, or fires, was counted or made before.
int64_t CommandsIn(const Request& request) {
  const auto* completion = std::get_if<CompleteWorkflowTask>(&request);
  return completion == nullptr ? 0 : completion->request.commands_size();
}

// Whether the request may lead over a limit. Only then is a copy of the state kept, which makes changing it
// dearer.
bool NearHistoryLimit(const State& state, const Request& request, const limits::PerNamespace& allowed) {
  constexpr int64_t kEventsOfACommand = 2;
  return state.history_size_bytes > allowed.history_size / 2 ||
         state.next_event_id + kEventsOfACommand * CommandsIn(request) > allowed.history_count / 2;
}

bool BufferTooLarge(const State& state, const limits::PerNamespace& allowed) {
  if (state.buffered->empty()) return false;
  if (state.buffered->size() > allowed.buffered_events) return true;
  size_t bytes = 0;
  for (const EventPtr& event : *state.buffered) bytes += event->ByteSizeLong();
  return bytes > allowed.buffered_events_size;
}

// A worker that is slower than what arrives loses its task, so that it sees it.
void EnforceBufferLimit(Transition& transition) {
  if (!transition.state().IsOpen() || transition.state().workflow_task.running() == nullptr) return;
  if (!BufferTooLarge(transition.state(), transition.context().settings.limits)) return;
  WorkflowTaskFailedEventAttributes why;
  why.set_cause(enums::WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND);
  why.set_identity(std::string(kHistoryService));
  FailRunningTask(transition, std::move(why));
  ScheduleWorkflowTask(transition);
}

Decision TerminateForExcess(State state, const Context& context, const char* excess) {
  Transition transition(std::move(state), context);
  ForceClose(transition, NewTerminated(transition, excess, kHistoryService));
  ReleaseQueries(transition);
  auto result = std::move(transition).Finish();
  return {.state = std::move(result.state),
          .records = std::move(result.records),
          .reply = InvalidArgument(excess),
          .answers = std::move(result.answers),
          .next = std::nullopt,
          .happenings = std::move(result.happenings)};
}

}  // namespace

Decision Decide(State state, const Request& request, const Context& context) {
  std::optional<State> before;
  if (NearHistoryLimit(state, request, context.settings.limits)) before = state;
  Transition transition(std::move(state), context);
  absl::StatusOr<Reply> reply =
      std::visit([&](const auto& kind) { return Handle(transition, kind); }, request);
  EnforceBufferLimit(transition);
  if (before.has_value()) {
    if (const char* excess = HistoryExcess(transition.state(), context.settings.limits)) {
      return TerminateForExcess(*std::move(before), context, excess);
    }
  }
  ReleaseQueries(transition);
  auto result = std::move(transition).Finish();
  return {.state = std::move(result.state),
          .records = std::move(result.records),
          .reply = std::move(reply),
          .answers = std::move(result.answers),
          .next = std::move(result.next),
          .happenings = std::move(result.happenings)};
}

absl::Time EarliestNow(const State& state) {
  if (!state.workflow_task.IsVolatile()) return state.last_event_time;
  const WorkflowTask& task = *state.workflow_task.pending();
  return std::max(state.last_event_time, task.started_time.value_or(task.scheduled_time));
}

bool HasVolatile(const State& state) {
  return state.workflow_task.IsVolatile() || state.riding_since.has_value() ||
         !state.admitted_updates->empty();
}

std::string TransientEvents(const State& state) {
  std::string framed;
  const WorkflowTask* task = state.workflow_task.pending();
  if (task == nullptr || !task->IsAhead() || task->scheduled_event_id != state.next_event_id) return framed;
  AppendFramed(ScheduledEventOf(state, *task), framed);
  if (task->started != nullptr) {
    // The real server forgets here who the worker is.
    HistoryEvent started = *task->started;
    started.mutable_workflow_task_started_event_attributes()->clear_identity();
    AppendFramed(started, framed);
  }
  return framed;
}

}  // namespace perdure::engine::workflow
