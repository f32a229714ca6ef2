#include "server/activities/activity_inspector.h"

#include <vector>

#include "base/nesting.h"
#include "base/text.h"
#include "base/time.h"
#include "engine/activity/activity_entity.h"
#include "nlohmann/json.hpp"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using perdure::engine::ActivityControl;
using Json = nlohmann::ordered_json;

// An unset one is null.
Json JsonOf(bool is_set, const google::protobuf::Timestamp& time) {
  return is_set ? Json(ShownTime(FromProto(time))) : Json();
}

}  // namespace

std::string ActivityInspector::StatusName(int32_t status) const {
  const auto value = static_cast<enums::ActivityExecutionStatus>(status);
  return CamelCase(enums::ActivityExecutionStatus_Name(value), "ACTIVITY_EXECUTION_STATUS_");
}

Json ActivityInspector::EventsOf(const engine::Record& record) const {
  return record.events.empty() ? Json::array() : Json("an activity has no events");
}

Json ActivityInspector::ChangesOf(const engine::Record& record) const {
  perdure::engine::ActivityChanges changes;
  if (!ParseStored(record.changes, changes)) return "these bytes are no changes";
  Json names = Json::array();
  if (changes.has_created()) names.push_back("created");
  std::vector<const google::protobuf::FieldDescriptor*> sections;
  const google::protobuf::Message& changed = changes.changed();
  changed.GetReflection()->ListFields(changed, &sections);
  for (const auto* section : sections) names.push_back(std::string(section->name()));
  return names;
}

Json ActivityInspector::StateOf(const engine::Entity& entity) const {
  const engine::activity::State& state = engine::activity::StateOf(entity);
  const auto& sections = state.sections;
  const auto& attempt = sections.attempt();
  const std::string& status = ActivityControl::Status_Name(state.status());
  return {{"status", CamelCase(status, "")},
          {"last_sequence", state.last_sequence},
          {"last_step_time", ShownTime(state.last_step_time)},
          {"delete_after", JsonOf(sections.has_end(), sections.end().delete_after())},
          {"cancel_requested", sections.control().has_cancel()},
          {"attempt", attempt.number()},
          {"offer", attempt.offer()},
          {"dispatch_time", JsonOf(attempt.has_dispatch_time(), attempt.dispatch_time())},
          {"started_time", JsonOf(attempt.has_started_time(), attempt.started_time())},
          {"failed_before", sections.failure().has_failure()},
          {"heartbeats", sections.heartbeat().total_count()},
          {"last_heartbeat_time", JsonOf(sections.heartbeat().has_time(), sections.heartbeat().time())}};
}

}  // namespace perdure::server
