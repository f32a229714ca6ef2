#include "server/history/run_metrics.h"

#include <initializer_list>
#include <variant>

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
namespace enums = temporal::api::enums::v1;

// Joins label values into a key of the handle caches.
std::string KeyOf(std::initializer_list<std::string_view> labels) {
  constexpr char kSeparator = '\x1f';
  std::string key;
  for (const std::string_view label : labels) {
    key.append(label);
    key.push_back(kSeparator);
  }
  return key;
}

const perdure::server::TaskToken* ActivityToken(const workflow::Request& request) {
  if (const auto* r = std::get_if<workflow::CompleteActivity>(&request)) return &r->token;
  if (const auto* r = std::get_if<workflow::FailActivity>(&request)) return &r->token;
  if (const auto* r = std::get_if<workflow::CancelActivity>(&request)) return &r->token;
  return nullptr;
}

// What is kept under `key`, made when it is not. Clients choose the keys, so a map that grows too big begins
// anew: the metrics keep the handles.
template <typename T, typename Make>
T& Find(absl::flat_hash_map<std::string, T>& kept, const std::string& key, const Make& make) {
  if (const auto found = kept.find(key); found != kept.end()) return found->second;
  if (kept.size() >= kMaxLabelSets) kept.clear();
  return kept.emplace(key, make()).first->second;
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
      resident_bytes_(metrics.gauge("perdure_resident_bytes", {{"executor", executor}})) {}

void RunMetrics::SetResident(size_t runs, size_t bytes) {
  resident_runs_.Set(static_cast<double>(runs));
  resident_bytes_.Set(static_cast<double>(bytes));
}

RunMetrics::Before RunMetrics::Note(const State& state, const workflow::Request& request) {
  Before before;
  before.open = state.IsOpen();
  before.next_event_id = state.next_event_id;
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
    before.workflow_task_ran = state.RunningTask() != nullptr;
  }
  return before;
}

void RunMetrics::OnRun(std::string_view namespace_name, const State& state) {
  Of(namespace_name, state);
  for (const auto& [id, activity] : *state.activities) Of(namespace_name, state, *activity);
}

void RunMetrics::Count(std::string_view namespace_name, const Before& before,
                       const workflow::Request& request, const State& after) {
  if (before.open && !after.IsOpen()) CountClosed(namespace_name, after);
  for (auto it = after.activities->lower_bound(before.next_event_id); it != after.activities->end(); ++it) {
    Of(namespace_name, after, *it->second);
  }
  if (before.activity != nullptr) {
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
  if (std::holds_alternative<workflow::FailWorkflowTask>(request)) Of(namespace_name, after).task_fail->Add();
  if (before.activities.has_value()) CountTimeouts(namespace_name, before, after);
}

void RunMetrics::CountTimeouts(std::string_view namespace_name, const Before& before, const State& after) {
  if (!after.IsOpen()) return;
  if (before.workflow_task_ran && after.RunningTask() == nullptr) {
    Of(namespace_name, after).task_timeout->Add();
  }
  if (&**before.activities == &*after.activities) return;
  for (const auto& [id, activity] : **before.activities) {
    if (SameAttempt(activity.get(), after, id)) continue;
    const OfActivity& of = Of(namespace_name, after, *activity);
    of.task_timeout->Add();
    (after.activities->contains(id) ? of.retry : of.timeout)->Add();
  }
}

void RunMetrics::CountClosed(std::string_view namespace_name, const State& state) {
  const OfWorkflow& of = Of(namespace_name, state);
  Counter* const counter = CloseCounter(of, state.status);
  if (counter == nullptr) return;
  counter->Add();
  if (state.close_time) of.latency->Observe(*state.close_time - state.facts->start_time);
  Find(transitions_, std::string(namespace_name), [&] {
    return &metrics_.histogram("state_transition_count", {{"namespace", namespace_name}});
  })->Observe(static_cast<double>(state.last_sequence));
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

const RunMetrics::OfWorkflow& RunMetrics::Of(std::string_view namespace_name, const State& state) {
  return Find(workflows_, KeyOf({namespace_name, state.task_queue, state.workflow_type}), [&] {
    const Metrics::Labels labels = {{"namespace", namespace_name},
                                    {"taskqueue", state.task_queue},
                                    {"workflowType", state.workflow_type}};
    const auto counter = [&](std::string_view name) { return &metrics_.counter(name, labels); };
    return OfWorkflow{.success = counter("workflow_success"),
                      .failed = counter("workflow_failed"),
                      .cancel = counter("workflow_cancel"),
                      .timeout = counter("workflow_timeout"),
                      .terminate = counter("workflow_terminate"),
                      .continued_as_new = counter("workflow_continued_as_new"),
                      .task_fail = counter("workflow_task_fail"),
                      .task_timeout = counter("workflow_task_timeout"),
                      .latency = &metrics_.histogram("workflow_schedule_to_close_latency", labels)};
  });
}

const RunMetrics::OfActivity& RunMetrics::Of(std::string_view namespace_name, const State& state,
                                             const Activity& activity) {
  const auto& scheduled = activity.scheduled->activity_task_scheduled_event_attributes();
  const std::string& queue = scheduled.task_queue().name();
  const std::string& type = scheduled.activity_type().name();
  return Find(activities_, KeyOf({namespace_name, queue, state.workflow_type, type}), [&] {
    const Metrics::Labels labels = {{"namespace", namespace_name},
                                    {"taskqueue", queue},
                                    {"workflowType", state.workflow_type},
                                    {"activityType", type}};
    const auto counter = [&](std::string_view name) { return &metrics_.counter(name, labels); };
    return OfActivity{.success = counter("activity_success"),
                      .fail = counter("activity_fail"),
                      .task_fail = counter("activity_task_fail"),
                      .timeout = counter("activity_timeout"),
                      .task_timeout = counter("activity_task_timeout"),
                      .cancel = counter("activity_cancel"),
                      .retry = counter("activity_retry")};
  });
}

}  // namespace perdure::server
