#include "server/activities/activity_metrics.h"

#include "engine/activity/activity_entity.h"
#include "engine/activity/happenings.h"

namespace perdure::server {

using engine::activity::StateOf;

namespace {

// In place of a workflow's type, as the real server's metrics have it.
constexpr std::string_view kNoWorkflow = "__temporal_standalone_activity__";

}  // namespace

void ActivityMetrics::OnEntity(std::string_view namespace_name, const engine::Entity& entity) {
  Of(namespace_name, StateOf(entity));
}

void ActivityMetrics::OnStep(std::string_view namespace_name, const engine::Entity& entity,
                             const std::vector<engine::Record>& /*records*/,
                             const engine::Happenings* happenings) {
  if (happenings == nullptr) return;
  const ActivityCounters& counters = Of(namespace_name, StateOf(entity));
  const auto& said = static_cast<const engine::activity::ActivityHappenings&>(*happenings);
  for (const engine::ActivityHappening& happening : said.list) Count(happening, counters);
}

const ActivityCounters& ActivityMetrics::Of(std::string_view namespace_name,
                                            const engine::activity::State& state) {
  const ActivityLabels labels{namespace_name, engine::activity::OptionsOf(state).task_queue().name(),
                              kNoWorkflow, state.created->activity_type()};
  return CountersOf(labels, metrics_, activities_);
}

}  // namespace perdure::server
