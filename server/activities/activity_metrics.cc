#include "server/activities/activity_metrics.h"

#include "engine/activity/activity_entity.h"

namespace perdure::server {

using engine::activity::StateOf;

namespace {

// In place of a workflow's type, as the real server's metrics have it.
constexpr std::string_view kNoWorkflow = "__temporal_standalone_activity__";

}  // namespace

void ActivityMetrics::OnEntity(std::string_view namespace_name, const engine::Entity& entity) {
  Of(namespace_name, StateOf(entity));
}

void ActivityMetrics::Before(const engine::Entity& entity, const StepCause& /*cause*/) {
  const State& state = StateOf(entity);
  was_open_ = state.IsOpen();
  attempt_ran_ = state.AttemptRuns();
  attempt_ = state.sections.attempt().number();
}

void ActivityMetrics::After(std::string_view namespace_name, const engine::Entity& entity,
                            const StepCause& cause, bool ok) {
  const State& after = StateOf(entity);
  if (was_open_ && !after.IsOpen()) CountClosed(namespace_name, after);
  const bool attempt_ended = ok && attempt_ran_ && after.IsOpen() && !after.AttemptRuns();
  // What is given back by matching has not failed.
  if (!attempt_ended || after.sections.attempt().number() == attempt_) return;
  const ActivityCounters& of = Of(namespace_name, after);
  (cause.why == StepCause::Why::kTimers ? of.task_timeout : of.task_fail)->Add();
  of.retry->Add();
}

void ActivityMetrics::OnRecords(std::string_view /*namespace_name*/, const engine::Entity& /*entity*/,
                                size_t /*records*/) {}

void ActivityMetrics::CountClosed(std::string_view namespace_name, const State& after) {
  const ActivityCounters& of = Of(namespace_name, after);
  switch (engine::activity::PublicStatus(after)) {
    case temporal::api::enums::v1::ACTIVITY_EXECUTION_STATUS_COMPLETED:
      of.success->Add();
      return;
    case temporal::api::enums::v1::ACTIVITY_EXECUTION_STATUS_FAILED:
      of.task_fail->Add();
      of.fail->Add();
      return;
    case temporal::api::enums::v1::ACTIVITY_EXECUTION_STATUS_CANCELED:
      of.cancel->Add();
      return;
    case temporal::api::enums::v1::ACTIVITY_EXECUTION_STATUS_TIMED_OUT:
      of.task_timeout->Add();
      of.timeout->Add();
      return;
    default:  // terminated ones are not counted
      return;
  }
}

const ActivityCounters& ActivityMetrics::Of(std::string_view namespace_name, const State& state) {
  const ActivityLabels labels{namespace_name, engine::activity::OptionsOf(state).task_queue().name(),
                              kNoWorkflow, state.created->activity_type()};
  return CountersOf(labels, metrics_, activities_);
}

}  // namespace perdure::server
