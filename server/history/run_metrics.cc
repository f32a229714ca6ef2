#include "server/history/run_metrics.h"

#include <initializer_list>
#include <variant>

#include "base/text.h"

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

std::string_view CloseMetric(enums::WorkflowExecutionStatus status) {
  switch (status) {
    case enums::WORKFLOW_EXECUTION_STATUS_COMPLETED:
      return "workflow_success";
    case enums::WORKFLOW_EXECUTION_STATUS_FAILED:
      return "workflow_failed";
    case enums::WORKFLOW_EXECUTION_STATUS_CANCELED:
      return "workflow_cancel";
    case enums::WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
      return "workflow_timeout";
    case enums::WORKFLOW_EXECUTION_STATUS_TERMINATED:
      return "workflow_terminate";
    case enums::WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
      return "workflow_continued_as_new";
    default:  // the enum is the API's, and open
      return {};
  }
}

// The handle kept under `key`, null when it is not kept. Clients choose the keys, so a map that grows too big
// begins anew: the metrics keep the handles.
template <typename T>
T*& Cached(absl::flat_hash_map<std::string, T*>& handles, const std::string& key) {
  if (handles.size() >= kMaxLabelSets) handles.clear();
  return handles[key];
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

void RunMetrics::Count(std::string_view namespace_name, const Before& before,
                       const workflow::Request& request, const State& after) {
  if (before.open && !after.IsOpen()) CountClosed(namespace_name, after);
  if (before.activity != nullptr) {
    const Activity& activity = *before.activity;
    if (std::holds_alternative<workflow::CompleteActivity>(request)) {
      AddActivity("activity_success", namespace_name, after, activity);
    } else if (std::holds_alternative<workflow::CancelActivity>(request)) {
      AddActivity("activity_cancel", namespace_name, after, activity);
    } else {
      const bool retried = after.activities->contains(activity.scheduled->event_id());
      AddActivity("activity_task_fail", namespace_name, after, activity);
      AddActivity(retried ? "activity_retry" : "activity_fail", namespace_name, after, activity);
    }
  }
  if (std::holds_alternative<workflow::FailWorkflowTask>(request)) {
    AddWorkflow("workflow_task_fail", namespace_name, after);
  }
  if (before.activities.has_value()) CountTimeouts(namespace_name, before, after);
}

void RunMetrics::CountTimeouts(std::string_view namespace_name, const Before& before, const State& after) {
  if (!after.IsOpen()) return;
  if (before.workflow_task_ran && after.RunningTask() == nullptr) {
    AddWorkflow("workflow_task_timeout", namespace_name, after);
  }
  if (&**before.activities == &*after.activities) return;
  for (const auto& [id, activity] : **before.activities) {
    if (SameAttempt(activity.get(), after, id)) continue;
    const bool retried = after.activities->contains(id);
    AddActivity("activity_task_timeout", namespace_name, after, *activity);
    AddActivity(retried ? "activity_retry" : "activity_timeout", namespace_name, after, *activity);
  }
}

void RunMetrics::CountClosed(std::string_view namespace_name, const State& state) {
  const std::string_view metric = CloseMetric(state.status);
  if (metric.empty()) return;
  AddWorkflow(metric, namespace_name, state);
  Histogram*& latency = Cached(latencies_, KeyOf({namespace_name, state.task_queue, state.workflow_type}));
  if (latency == nullptr) {
    latency =
        &metrics_.histogram("workflow_schedule_to_close_latency", {{"namespace", namespace_name},
                                                                   {"taskqueue", state.task_queue},
                                                                   {"workflowType", state.workflow_type}});
  }
  if (state.close_time) latency->Observe(*state.close_time - state.facts->start_time);
  Histogram*& transitions = transitions_[AbslView(namespace_name)];
  if (transitions == nullptr) {
    transitions = &metrics_.histogram("state_transition_count", {{"namespace", namespace_name}});
  }
  transitions->Observe(static_cast<double>(state.last_sequence));
}

void RunMetrics::AddWorkflow(std::string_view metric, std::string_view namespace_name, const State& state) {
  Counter*& counter =
      Cached(counters_, KeyOf({metric, namespace_name, state.task_queue, state.workflow_type}));
  if (counter == nullptr) {
    counter = &metrics_.counter(metric, {{"namespace", namespace_name},
                                         {"taskqueue", state.task_queue},
                                         {"workflowType", state.workflow_type}});
  }
  counter->Add();
}

void RunMetrics::AddActivity(std::string_view metric, std::string_view namespace_name, const State& state,
                             const Activity& activity) {
  const auto& scheduled = activity.scheduled->activity_task_scheduled_event_attributes();
  Counter*& counter = Cached(counters_, KeyOf({metric, namespace_name, scheduled.task_queue().name(),
                                               state.workflow_type, scheduled.activity_type().name()}));
  if (counter == nullptr) {
    counter = &metrics_.counter(metric, {{"namespace", namespace_name},
                                         {"taskqueue", scheduled.task_queue().name()},
                                         {"workflowType", state.workflow_type},
                                         {"activityType", scheduled.activity_type().name()}});
  }
  counter->Add();
}

}  // namespace perdure::server
