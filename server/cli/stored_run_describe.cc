// The description of a stored run: names instead of numbers, and no payloads.
#include <fmt/format.h>

#include "base/nesting.h"
#include "base/text.h"
#include "engine/workflow/fold/change_table.h"
#include "engine/workflow/workflow.h"
#include "perdure/record.pb.h"
#include "server/cli/stored_run.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
namespace enums = temporal::api::enums::v1;
using Json = nlohmann::ordered_json;

Json TimeOf(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone()); }
Json TimeOf(const std::optional<absl::Time>& time) { return time ? TimeOf(*time) : Json(); }

std::string StatusName(int status) {
  const auto value = static_cast<enums::WorkflowExecutionStatus>(status);
  return CamelCase(enums::WorkflowExecutionStatus_Name(value), "WORKFLOW_EXECUTION_STATUS_");
}

Json EventsOf(const persistence::HistoryRow& row) {
  temporal::api::history::v1::History history;
  if (!ParseStored(row.events, history)) return "these bytes are no events";
  Json events = Json::array();
  for (const auto& event : history.events()) {
    const std::string name = CamelCase(enums::EventType_Name(event.event_type()), "EVENT_TYPE_");
    events.push_back(fmt::format("{} {}", event.event_id(), name));
  }
  return events;
}

Json ChangesOf(const persistence::HistoryRow& row) {
  perdure::engine::Changes changes;
  if (!ParseStored(row.changes, changes)) return "these bytes are no changes";
  Json names = Json::array();
  for (const auto& change : changes.changes()) {
    const std::string_view name = workflow::NameOf(change.kind_case());
    names.push_back(name.empty() ? "of a kind that this version does not know" : std::string(name));
  }
  return names;
}

Json NamedRunOf(const std::optional<NamedRun>& run) {
  return run ? Json{{"id", run->id}, {"run_id", run->run_id.ToString()}} : Json();
}

Json RowOf(const persistence::ExecutionRow& row) {
  return {{"status", StatusName(row.status)},
          {"current", row.current},
          {"workflow_type", row.workflow_type},
          {"task_queue", row.task_queue},
          {"start_time", TimeOf(row.start_time)},
          {"execution_time", TimeOf(row.execution_time)},
          {"close_time", TimeOf(row.close_time)},
          {"delete_at", TimeOf(row.delete_at)},
          {"history_length", row.history_length},
          {"history_size_bytes", row.history_size_bytes},
          {"state_transition_count", row.state_transition_count},
          {"parent", NamedRunOf(row.parent)},
          {"root", NamedRunOf(row.root)}};
}

Json StateOf(const workflow::State& state) {
  Json json = {{"status", StatusName(state.status)},
               {"next_event_id", state.next_event_id},
               {"last_sequence", state.last_sequence},
               {"history_size_bytes", state.history_size_bytes},
               {"last_event_time", TimeOf(state.last_event_time)},
               {"delete_after", TimeOf(state.delete_after)},
               {"cancel_requested", state.CancelRequested()},
               {"signals", state.signal_count},
               {"buffered_events", state.buffered->size()},
               {"sticky_task_queue", state.sticky ? Json(state.sticky->name) : Json()}};
  if (const workflow::WorkflowTask* const task = state.workflow_task.pending(); task != nullptr) {
    json["workflow_task"] = {{"scheduled_event_id", task->scheduled_event_id},
                             {"started_event_id", task->started_event_id},
                             {"attempt", task->attempt},
                             {"scheduled_time", TimeOf(task->scheduled_time)},
                             {"started_time", TimeOf(task->started_time)}};
  } else {
    json["workflow_task"] = nullptr;
  }
  Json& activities = json["activities"] = Json::array();
  for (const auto& [id, activity] : *state.activities) {
    const auto& scheduled = activity->scheduled->activity_task_scheduled_event_attributes();
    activities.push_back({{"activity_id", scheduled.activity_id()},
                          {"type", scheduled.activity_type().name()},
                          {"scheduled_event_id", id},
                          {"attempt", activity->attempt},
                          {"scheduled_time", TimeOf(activity->scheduled_time)},
                          {"started_time", TimeOf(activity->started_time)},
                          {"failed_before", activity->last_failure != nullptr}});
  }
  Json& timers = json["timers"] = Json::array();
  for (const auto& [id, timer] : *state.timers) {
    timers.push_back({{"timer_id", id}, {"fires_at", TimeOf(timer.fires_at)}});
  }
  return json;
}

Json ObligationsJson(const workflow::State& state) {
  const engine::Obligations obligations = workflow::ObligationsOf(state);
  // A dispatch may be of a later moment: the next attempt of an activity.
  std::optional<absl::Time> wake = obligations.next_timer;
  Json dispatches = Json::array();
  for (const engine::Dispatch& dispatch : obligations.dispatches) {
    if (!wake || dispatch.scheduled_time < *wake) wake = dispatch.scheduled_time;
    dispatches.push_back(
        {{"kind", dispatch.kind == engine::TaskKind::kWorkflow ? "workflow task" : "activity task"},
         {"task_queue", dispatch.task_queue},
         {"scheduled_event_id", dispatch.scheduled_event_id},
         {"attempt", dispatch.attempt},
         {"scheduled_time", TimeOf(dispatch.scheduled_time)}});
  }
  return {{"dispatches", std::move(dispatches)}, {"next_wake", TimeOf(wake)}};
}

std::string Scalar(const Json& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void Append(const Json& value, const std::string& indent, std::string& out);

// An object in a list: its values in a line.
std::string Line(const Json& object) {
  if (!object.is_object()) return Scalar(object);
  std::string line;
  for (const auto& [key, value] : object.items()) {
    std::string text = Scalar(value);
    if (value.is_array()) {
      text.clear();
      for (const Json& item : value) text += (text.empty() ? "" : ", ") + Scalar(item);
      if (text.empty()) continue;
    }
    line += fmt::format("{}{}: {}", line.empty() ? "" : "  ", key, text);
  }
  return line;
}

void Append(const Json& object, const std::string& indent, std::string& out) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object()) {
      out += fmt::format("{}{}:\n", indent, key);
      Append(value, indent + "  ", out);
    } else if (value.is_array()) {
      out += fmt::format("{}{}:{}\n", indent, key, value.empty() ? " none" : "");
      for (const Json& item : value) out += fmt::format("{}  {}\n", indent, Line(item));
    } else {
      out += fmt::format("{}{}: {}\n", indent, key, Scalar(value));
    }
  }
}

}  // namespace

Json Describe(const StoredRunView& run, const Namespace& name_space, const std::string& workflow_id) {
  Json json = {{"namespace", name_space.settings.name},
               {"workflow_id", workflow_id},
               {"run_id", run.key.run_id.ToString()},
               {"kind", run.key.kind},
               {"shard", run.key.shard},
               {"current_run", run.is_current}};
  json["execution"] = run.row ? RowOf(*run.row) : Json();
  json["snapshot"] = run.snapshot ? Json{{"sequence", run.snapshot->sequence},
                                         {"next_event_id", run.snapshot->next_event_id},
                                         {"bytes", run.snapshot->state.size()}}
                                  : Json();
  json["records_left_out"] = run.records_left_out;
  Json& records = json["records"] = Json::array();
  for (const persistence::HistoryRow& row : run.records) {
    records.push_back({{"sequence", row.sequence},
                       {"events", EventsOf(row)},
                       {"changes", ChangesOf(row)},
                       {"bytes", row.events.size() + row.changes.size()}});
  }
  if (run.state.ok()) {
    json["state"] = StateOf(*run.state);
    json["obligations"] = ObligationsJson(*run.state);
  } else {
    json["state"] = fmt::format("cannot be folded: {}", std::string(run.state.status().message()));
    json["obligations"] = nullptr;
  }
  return json;
}

std::string ToText(const Json& description) {
  std::string out;
  Append(description, "", out);
  return out;
}

}  // namespace perdure::server
