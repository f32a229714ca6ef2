#include "server/workflows/workflow_inspector.h"

#include <optional>

#include <fmt/format.h>

#include "base/nesting.h"
#include "base/text.h"
#include "engine/workflow/fold/change_table.h"
#include "engine/workflow/workflow_entity.h"
#include "nlohmann/json.hpp"
#include "perdure/record.pb.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
namespace enums = temporal::api::enums::v1;
using Json = nlohmann::ordered_json;

Json JsonOf(const std::optional<absl::Time>& time) { return time ? Json(ShownTime(*time)) : Json(); }

Json WorkflowTaskOf(const workflow::State& state) {
  const workflow::WorkflowTask* const task = state.workflow_task.pending();
  if (task == nullptr) return nullptr;
  return {{"scheduled_event_id", task->scheduled_event_id},
          {"started_event_id", task->started_event_id},
          {"attempt", task->attempt},
          {"scheduled_time", JsonOf(task->scheduled_time)},
          {"started_time", JsonOf(task->started_time)}};
}

Json ActivitiesOf(const workflow::State& state) {
  Json activities = Json::array();
  for (const auto& [id, activity] : *state.activities) {
    const auto& scheduled = activity->scheduled->activity_task_scheduled_event_attributes();
    activities.push_back({{"activity_id", scheduled.activity_id()},
                          {"type", scheduled.activity_type().name()},
                          {"scheduled_event_id", id},
                          {"attempt", activity->attempt},
                          {"scheduled_time", JsonOf(activity->scheduled_time)},
                          {"started_time", JsonOf(activity->started_time)},
                          {"failed_before", activity->last_failure != nullptr}});
  }
  return activities;
}

}  // namespace

std::string WorkflowInspector::StatusName(int32_t status) const {
  const auto value = static_cast<enums::WorkflowExecutionStatus>(status);
  return CamelCase(enums::WorkflowExecutionStatus_Name(value), "WORKFLOW_EXECUTION_STATUS_");
}

Json WorkflowInspector::EventsOf(const engine::Record& record) const {
  temporal::api::history::v1::History history;
  if (!ParseStored(record.events, history)) return "these bytes are no events";
  Json events = Json::array();
  for (const auto& event : history.events()) {
    const std::string name = CamelCase(enums::EventType_Name(event.event_type()), "EVENT_TYPE_");
    events.push_back(fmt::format("{} {}", event.event_id(), name));
  }
  return events;
}

Json WorkflowInspector::ChangesOf(const engine::Record& record) const {
  perdure::engine::Changes changes;
  if (!ParseStored(record.changes, changes)) return "these bytes are no changes";
  Json names = Json::array();
  for (const auto& change : changes.changes()) {
    const std::string_view name = workflow::NameOf(change.kind_case());
    names.push_back(name.empty() ? "of a kind that this version does not know" : std::string(name));
  }
  return names;
}

Json WorkflowInspector::StateOf(const engine::Entity& entity) const {
  const workflow::State& state = workflow::StateOf(entity);
  Json json = {{"status", StatusName(state.status)},
               {"next_event_id", state.next_event_id},
               {"last_sequence", state.last_sequence},
               {"history_size_bytes", state.history_size_bytes},
               {"last_event_time", JsonOf(state.last_event_time)},
               {"delete_after", JsonOf(state.delete_after)},
               {"cancel_requested", state.CancelRequested()},
               {"signals", state.signal_count},
               {"buffered_events", state.buffered->size()},
               {"sticky_task_queue", state.sticky ? Json(state.sticky->name) : Json()},
               {"workflow_task", WorkflowTaskOf(state)},
               {"activities", ActivitiesOf(state)}};
  Json& timers = json["timers"] = Json::array();
  for (const auto& [id, timer] : *state.timers) {
    timers.push_back({{"timer_id", id}, {"fires_at", JsonOf(timer.fires_at)}});
  }
  return json;
}

}  // namespace perdure::server
