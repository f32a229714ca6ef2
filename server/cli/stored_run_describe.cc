// The description of a stored run: names instead of numbers, and no payloads.
#include <fmt/format.h>

#include "server/cli/stored_run.h"

namespace perdure::server {
namespace {

using Json = nlohmann::ordered_json;

Json TimeOf(absl::Time time) { return ShownTime(time); }
Json TimeOf(const std::optional<absl::Time>& time) { return time ? TimeOf(*time) : Json(); }

Json NamedRunOf(const std::optional<NamedRun>& run) {
  return run ? Json{{"id", run->id}, {"run_id", run->run_id.ToString()}} : Json();
}

Json RowOf(const persistence::ExecutionRow& row, const KindInspector& inspector) {
  return {{"status", inspector.StatusName(row.status)},
          {"current", row.current},
          {std::string(inspector.TypeName()), row.type},
          {"task_queue", row.queue},
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

Json MessagesOf(const engine::Obligations& obligations) {
  Json messages = Json::array();
  for (const engine::OwedMessage& message : obligations.messages) {
    const auto* type = perdure::engine::Message::descriptor()->FindFieldByNumber(message.key.type);
    messages.push_back({{"type", type == nullptr ? std::string() : std::string(type->name())},
                        {"number", message.key.number},
                        {"to_namespace_id", message.target.namespace_id.ToString()},
                        {"to_kind", message.target.kind},
                        {"to", message.target.id}});
  }
  return messages;
}

Json ObligationsJson(const engine::Obligations& obligations) {
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
  return {{"dispatches", std::move(dispatches)},
          {"messages", MessagesOf(obligations)},
          {"next_wake", TimeOf(wake)}};
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

Json Describe(const StoredRunView& run, const StoredRunName& name) {
  const KindInspector& inspector = *name.line.inspector;
  Json json = {{"namespace", name.name_space.settings.name},
               {std::string(inspector.IdName()), name.id},
               {"run_id", run.key.run_id.ToString()},
               {"kind", std::string(name.line.kind->name())},
               {"shard", run.key.shard},
               {"current_run", run.is_current}};
  json["execution"] = run.row ? RowOf(*run.row, inspector) : Json();
  json["snapshot"] = run.snapshot ? Json{{"sequence", run.snapshot->sequence},
                                         {"next_event_id", run.snapshot->next_event_id},
                                         {"bytes", run.snapshot->state.size()}}
                                  : Json();
  json["records_left_out"] = run.records_left_out;
  Json& records = json["records"] = Json::array();
  for (const persistence::HistoryRow& row : run.records) {
    const engine::Record record{row.first_event_id, row.event_count, row.events, row.changes, row.sequence};
    records.push_back({{"sequence", row.sequence},
                       {"events", inspector.EventsOf(record)},
                       {"changes", inspector.ChangesOf(record)},
                       {"bytes", row.events.size() + row.changes.size()}});
  }
  if (run.entity.ok()) {
    json["state"] = inspector.StateOf(**run.entity);
    json["obligations"] = ObligationsJson((*run.entity)->DurablyOwed());
  } else {
    json["state"] = fmt::format("cannot be folded: {}", std::string(run.entity.status().message()));
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
