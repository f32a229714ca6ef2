#include "server/workflows/workflow_metrics.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/text.h"
#include "engine/workflow/activities/first_timeout.h"
#include "engine/workflow/workflow_entity.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
namespace enums = temporal::api::enums::v1;

constexpr std::string_view kService = "history";

// Null when the step was taken for something else.
const workflow::Request* RequestOf(const StepCause& cause) {
  const auto* request = dynamic_cast<const workflow::WorkflowRequest*>(cause.request);
  return request == nullptr ? nullptr : &request->request();
}

const perdure::server::TaskToken* ActivityToken(const workflow::Request& request) {
  if (const auto* r = std::get_if<workflow::CompleteActivity>(&request)) return &r->token;
  if (const auto* r = std::get_if<workflow::FailActivity>(&request)) return &r->token;
  if (const auto* r = std::get_if<workflow::CancelActivity>(&request)) return &r->token;
  return nullptr;
}

bool EndsRun(const temporal::api::command::v1::Command& command) {
  switch (command.command_type()) {
    case enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
    case enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
    case enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
    case enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
      return true;
    default:  // the enum is the API's, and open
      return false;
  }
}

bool SameAttempt(const workflow::Activity* before, const workflow::State& after, int64_t id) {
  const auto found = after.activities->find(id);
  return found != after.activities->end() && found->second->attempt == before->attempt;
}

}  // namespace

void WorkflowMetrics::Before(const engine::Entity& entity, const StepCause& cause) {
  const State& state = workflow::StateOf(entity);
  noted_ = Noted();
  noted_.open = state.IsOpen();
  if (cause.why == StepCause::Why::kStart) return;
  noted_.next_event_id = state.next_event_id;
  noted_.workflow_task_ran = state.workflow_task.running() != nullptr;
  if (cause.why == StepCause::Why::kTimers) {
    noted_.activities = state.activities;
    const workflow::WorkflowTask* const waiting = state.workflow_task.waiting();
    if (waiting != nullptr) noted_.workflow_task_waits = waiting->scheduled_event_id;
  }
  const Request* const request = RequestOf(cause);
  if (request == nullptr) return;
  if (const perdure::server::TaskToken* token = ActivityToken(*request)) {
    int64_t id = token->scheduled_event_id();
    if (id == 0) {
      const auto named = state.activity_ids->find(token->activity_id());
      if (named != state.activity_ids->end()) id = named->second;
    }
    const auto found = state.activities->find(id);
    if (found != state.activities->end()) noted_.activity = found->second;
  }
}

void WorkflowMetrics::OnEntity(std::string_view namespace_name, const engine::Entity& entity) {
  const State& state = workflow::StateOf(entity);
  Of(namespace_name, state);
  for (const auto& [id, activity] : *state.activities) Of(namespace_name, state, *activity);
}

void WorkflowMetrics::After(std::string_view namespace_name, const engine::Entity& entity,
                            const StepCause& cause, bool ok) {
  const State& after = workflow::StateOf(entity);
  if (noted_.open && !after.IsOpen()) CountClosed(namespace_name, after);
  for (auto it = after.activities->lower_bound(noted_.next_event_id); it != after.activities->end(); ++it) {
    Of(namespace_name, after, *it->second);
  }
  if (const Request* const request = RequestOf(cause)) CountAnswered(namespace_name, *request, ok, after);
  if (ok && noted_.activities.has_value()) CountTimeouts(namespace_name, after);
  noted_ = Noted();  // what it holds would be copied when it is changed
}

void WorkflowMetrics::CountAnswered(std::string_view namespace_name, const Request& request, bool ok,
                                    const State& after) {
  const auto* completed = std::get_if<workflow::CompleteWorkflowTask>(&request);
  // A completion that is refused may have failed its task.
  const bool refused =
      completed != nullptr && !ok && noted_.workflow_task_ran && after.workflow_task.running() == nullptr;
  const bool failed = ok && std::holds_alternative<workflow::FailWorkflowTask>(request);
  if (refused || failed) {
    Of(namespace_name, after).task_fail->Add();
    const OfNamespace& of = Of(namespace_name);
    (refused ? of.tasks_refused : of.tasks_failed)->Add();
  }
  if (!ok) return;
  if (completed != nullptr) CountCommands(namespace_name, *completed);
  if (noted_.activity != nullptr) CountActivity(namespace_name, request, after);
}

void WorkflowMetrics::CountActivity(std::string_view namespace_name, const Request& request,
                                    const State& after) {
  const ActivityCounters& of = Of(namespace_name, after, *noted_.activity);
  if (std::holds_alternative<workflow::CompleteActivity>(request)) {
    of.success->Add();
  } else if (std::holds_alternative<workflow::CancelActivity>(request)) {
    of.cancel->Add();
  } else {
    const bool retried = after.activities->contains(noted_.activity->scheduled->event_id());
    of.task_fail->Add();
    (retried ? of.retry : of.fail)->Add();
  }
}

void WorkflowMetrics::CountTimeouts(std::string_view namespace_name, const State& after) {
  if (!after.IsOpen()) return;
  if (noted_.workflow_task_ran && after.workflow_task.running() == nullptr) {
    Of(namespace_name, after).task_timeout->Add();
    Of(namespace_name).workflow_tasks.start_to_close->Add();
  }
  const int64_t waited = noted_.workflow_task_waits;
  const workflow::WorkflowTask* const pending = after.workflow_task.pending();
  if (waited != 0 && (pending == nullptr || pending->scheduled_event_id != waited)) {
    Of(namespace_name).workflow_tasks.schedule_to_start->Add();
  }
  if (&**noted_.activities == &*after.activities) return;
  for (const auto& [id, activity] : **noted_.activities) {
    if (SameAttempt(activity.get(), after, id)) continue;
    const ActivityCounters& of = Of(namespace_name, after, *activity);
    of.task_timeout->Add();
    (after.activities->contains(id) ? of.retry : of.timeout)->Add();
    Counter* const by_type = Of(namespace_name).activities.Of(workflow::FirstTimeout(*activity));
    if (by_type != nullptr) by_type->Add();
  }
}

Counter* WorkflowMetrics::Timeouts::Of(enums::TimeoutType type) const {
  switch (type) {
    case enums::TIMEOUT_TYPE_START_TO_CLOSE:
      return start_to_close;
    case enums::TIMEOUT_TYPE_SCHEDULE_TO_START:
      return schedule_to_start;
    case enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE:
      return schedule_to_close;
    case enums::TIMEOUT_TYPE_HEARTBEAT:
      return heartbeat;
    default:  // the enum is the API's, and open
      return nullptr;
  }
}

void WorkflowMetrics::OnRecords(std::string_view namespace_name, const engine::Entity& entity,
                                size_t records) {
  if (records == 0) return;
  const State& after = workflow::StateOf(entity);
  Histogram& transitions = *Of(namespace_name).transitions;
  for (size_t i = 0; i < records; ++i) transitions.Observe(static_cast<double>(after.last_sequence - i));
}

void WorkflowMetrics::CountCommands(std::string_view namespace_name,
                                    const workflow::CompleteWorkflowTask& completed) {
  const OfNamespace& of = Of(namespace_name);
  const bool sticky = completed.request.sticky_attributes().has_worker_task_queue();
  (sticky ? of.sticky : of.not_sticky)->Add();
  if (completed.request.commands().empty()) of.no_commands->Add();
  const auto ends =
      std::count_if(completed.request.commands().begin(), completed.request.commands().end(), EndsRun);
  if (ends > 1) of.second_ends->Add(static_cast<double>(ends - 1));
  for (const auto& command : completed.request.commands()) {
    if (Counter* const counter = CommandCounter(of, command.command_type())) counter->Add();
    const std::string type = CamelCase(enums::CommandType_Name(command.command_type()), "COMMAND_TYPE_");
    commands_
        .Find(SeriesKey({namespace_name, type}),
              [&] {
                const LabelledMetricsPtr series =
                    metrics_.Hold({{"operation", "RespondWorkflowTaskCompleted"},
                                   {"namespace", namespace_name},
                                   {"service_name", kService},
                                   {"commandType", type}});
                return OfCommand{.series = {series}, .commands = &series->counter("command")};
              })
        .commands->Add();
  }
}

Counter* WorkflowMetrics::CommandCounter(const OfNamespace& of, enums::CommandType type) {
  switch (type) {
    case enums::COMMAND_TYPE_START_TIMER:
      return of.start_timer;
    case enums::COMMAND_TYPE_RECORD_MARKER:
      return of.record_marker;
    case enums::COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION:
      return of.signal_external;
    case enums::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION:
      return of.child;
    case enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
      return of.continue_as_new;
    case enums::COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
      return of.upsert;
    case enums::COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES:
      return of.modify;
    default:  // no counter of its own
      return nullptr;
  }
}

void WorkflowMetrics::CountClosed(std::string_view namespace_name, const State& state) {
  const OfWorkflow& of = Of(namespace_name, state);
  Counter* const counter = CloseCounter(of, state.status);
  if (counter == nullptr) return;
  counter->Add();
  if (state.close_time) of.latency->Observe(*state.close_time - state.facts->start_time);
}

Counter* WorkflowMetrics::CloseCounter(const OfWorkflow& of, enums::WorkflowExecutionStatus status) {
  switch (status) {
    case enums::WORKFLOW_EXECUTION_STATUS_COMPLETED:
      return of.success;
    case enums::WORKFLOW_EXECUTION_STATUS_FAILED:
      return of.failed;
    case enums::WORKFLOW_EXECUTION_STATUS_CANCELED:
      return of.cancel;
    case enums::WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
      return of.timeout;
    case enums::WORKFLOW_EXECUTION_STATUS_TERMINATED:
      return of.terminate;
    case enums::WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
      return of.continued_as_new;
    default:  // the enum is the API's, and open
      return nullptr;
  }
}

}  // namespace perdure::server
