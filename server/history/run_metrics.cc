#include "server/history/run_metrics.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/text.h"
#include "engine/workflow/first_timeout.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
namespace enums = temporal::api::enums::v1;

constexpr std::string_view kService = "history";

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

RunMetrics::RunMetrics(Metrics& metrics, const std::string& executor)
    : metrics_(metrics),
      executor_queue_(metrics.gauge("perdure_executor_queue", {{"executor", executor}})),
      executor_queue_bytes_(metrics.gauge("perdure_executor_queue_bytes", {{"executor", executor}})),
      event_waiters_(metrics.gauge("perdure_event_waiters", {{"executor", executor}})),
      wakes_behind_(metrics.gauge("perdure_wakes_behind_seconds", {{"executor", executor}})),
      known_wakes_(metrics.gauge("perdure_known_wakes", {{"executor", executor}})),
      removals_(metrics.gauge("perdure_removals", {{"executor", executor}})),
      refused_calls_(metrics.counter("perdure_refused_calls", {{"reason", "executor_queue"}})),
      fences_(metrics.counter("perdure_fences", {})),
      resident_runs_(metrics.gauge("perdure_resident_runs", {{"executor", executor}})),
      resident_bytes_(metrics.gauge("perdure_resident_bytes", {{"executor", executor}})),
      shards_(metrics) {}

RunMetrics::Shards::Shards(Metrics& metrics)
    : owned(metrics.gauge("numshards_gauge", {{"operation", "ShardController"}, {"service_name", kService}})),
      created(metrics.counter("sharditem_created_count",
                              {{"operation", "ShardController"}, {"service_name", kService}})),
      removed(metrics.counter("sharditem_removed_count",
                              {{"operation", "ShardController"}, {"service_name", kService}})),
      closed(metrics.counter("shard_closed_count",
                             {{"operation", "ShardController"}, {"service_name", kService}})) {}

void RunMetrics::OnServing(size_t shards) {
  GiveUpShards();
  owned_shards_ = shards;
  shards_.created.Add(static_cast<double>(shards));
  shards_.owned.Add(static_cast<double>(shards));
}

void RunMetrics::OnFence() {
  fences_.Add();
  shards_.closed.Add(static_cast<double>(owned_shards_));
  GiveUpShards();
}

void RunMetrics::GiveUpShards() {
  const auto given_up = static_cast<double>(std::exchange(owned_shards_, 0));
  shards_.removed.Add(given_up);
  shards_.owned.Add(-given_up);
}

void RunMetrics::SetResident(size_t runs, size_t bytes) {
  resident_runs_.Set(static_cast<double>(runs));
  resident_bytes_.Set(static_cast<double>(bytes));
}

RunMetrics::Before RunMetrics::Note(const State& state, const workflow::Request& request) {
  Before before;
  before.open = state.IsOpen();
  before.next_event_id = state.next_event_id;
  before.workflow_task_ran = state.RunningTask() != nullptr;
  if (const perdure::server::TaskToken* token = ActivityToken(request)) {
    int64_t id = token->scheduled_event_id();
    if (id == 0) {
      const auto named = state.activity_ids->find(token->activity_id());
      if (named != state.activity_ids->end()) id = named->second;
    }
    const auto found = state.activities->find(id);
    if (found != state.activities->end()) before.activity = found->second;
  } else if (std::holds_alternative<workflow::FireTimers>(request)) {
    before.activities = state.activities;
    if (!before.workflow_task_ran && state.workflow_task) {
      before.workflow_task_waits = state.workflow_task->scheduled_event_id;
    }
  }
  return before;
}

void RunMetrics::OnRun(std::string_view namespace_name, const State& state) {
  Of(namespace_name, state);
  for (const auto& [id, activity] : *state.activities) Of(namespace_name, state, *activity);
}

void RunMetrics::Count(std::string_view namespace_name, const Before& before,
                       const workflow::Request& request, bool ok, const State& after) {
  if (before.open && !after.IsOpen()) CountClosed(namespace_name, after);
  for (auto it = after.activities->lower_bound(before.next_event_id); it != after.activities->end(); ++it) {
    Of(namespace_name, after, *it->second);
  }
  const auto* completed = std::get_if<workflow::CompleteWorkflowTask>(&request);
  // A completion that is refused may have failed its task.
  const bool refused =
      completed != nullptr && !ok && before.workflow_task_ran && after.RunningTask() == nullptr;
  const bool failed = ok && std::holds_alternative<workflow::FailWorkflowTask>(request);
  if (refused || failed) {
    Of(namespace_name, after).task_fail->Add();
    const OfNamespace& of = Of(namespace_name);
    (refused ? of.tasks_refused : of.tasks_failed)->Add();
  }
  if (!ok) return;
  if (completed != nullptr) CountCommands(namespace_name, *completed);
  if (before.activity != nullptr) CountActivity(namespace_name, before, request, after);
  if (before.activities.has_value()) CountTimeouts(namespace_name, before, after);
}

void RunMetrics::CountActivity(std::string_view namespace_name, const Before& before,
                               const workflow::Request& request, const State& after) {
  const OfActivity& of = Of(namespace_name, after, *before.activity);
  if (std::holds_alternative<workflow::CompleteActivity>(request)) {
    of.success->Add();
  } else if (std::holds_alternative<workflow::CancelActivity>(request)) {
    of.cancel->Add();
  } else {
    const bool retried = after.activities->contains(before.activity->scheduled->event_id());
    of.task_fail->Add();
    (retried ? of.retry : of.fail)->Add();
  }
}

void RunMetrics::CountTimeouts(std::string_view namespace_name, const Before& before, const State& after) {
  if (!after.IsOpen()) return;
  if (before.workflow_task_ran && after.RunningTask() == nullptr) {
    Of(namespace_name, after).task_timeout->Add();
    Of(namespace_name).workflow_tasks.start_to_close->Add();
  }
  const int64_t waited = before.workflow_task_waits;
  if (waited != 0 && !(after.workflow_task && after.workflow_task->scheduled_event_id == waited)) {
    Of(namespace_name).workflow_tasks.schedule_to_start->Add();
  }
  if (&**before.activities == &*after.activities) return;
  for (const auto& [id, activity] : **before.activities) {
    if (SameAttempt(activity.get(), after, id)) continue;
    const OfActivity& of = Of(namespace_name, after, *activity);
    of.task_timeout->Add();
    (after.activities->contains(id) ? of.retry : of.timeout)->Add();
    Counter* const by_type = Of(namespace_name).activities.Of(workflow::FirstTimeout(*activity));
    if (by_type != nullptr) by_type->Add();
  }
}

Counter* RunMetrics::Timeouts::Of(enums::TimeoutType type) const {
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

void RunMetrics::CountTransitions(std::string_view namespace_name, const State& after, size_t records) {
  if (records == 0) return;
  Histogram& transitions = *Of(namespace_name).transitions;
  for (size_t i = 0; i < records; ++i) transitions.Observe(static_cast<double>(after.last_sequence - i));
}

void RunMetrics::CountCommands(std::string_view namespace_name,
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

Counter* RunMetrics::CommandCounter(const OfNamespace& of, enums::CommandType type) {
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

void RunMetrics::CountClosed(std::string_view namespace_name, const State& state) {
  const OfWorkflow& of = Of(namespace_name, state);
  Counter* const counter = CloseCounter(of, state.status);
  if (counter == nullptr) return;
  counter->Add();
  if (state.close_time) of.latency->Observe(*state.close_time - state.facts->start_time);
}

Counter* RunMetrics::CloseCounter(const OfWorkflow& of, enums::WorkflowExecutionStatus status) {
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
