#include "server/workflows/workflow_metrics.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include <spdlog/spdlog.h>

#include "base/log_fields.h"
#include "base/text.h"
#include "engine/workflow/commands/command_table.h"
#include "engine/workflow/workflow_entity.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
namespace enums = temporal::api::enums::v1;

constexpr std::string_view kService = "history";

bool EndsRun(enums::CommandType command) {
  const workflow::CommandRow* const row = workflow::FindCommandRow(command);
  return row != nullptr && row->closes_run;
}

}  // namespace

struct WorkflowMetrics::Counting {
  WorkflowMetrics& metrics;
  std::string_view namespace_name;
  const State& state;

  void operator()(const workflow::RunClosed& closed) const {
    metrics.CountClosed(namespace_name, state, closed);
  }
  void operator()(const workflow::WorkflowTaskCompleted& completed) const {
    metrics.CountCompleted(namespace_name, completed);
  }
  void operator()(const workflow::WorkflowTaskFailed& failed) const {
    metrics.CountFailed(namespace_name, state, failed.completion_refused);
  }
  void operator()(const workflow::CommandUnsupported& unsupported) const {
    metrics.SayUnsupported(namespace_name, state, unsupported.type);
  }
  void operator()(const workflow::WorkflowTaskTimedOut& timed_out) const {
    metrics.CountTimedOut(namespace_name, state, timed_out.type);
  }
  void operator()(const workflow::OfUpdate& of) const { metrics.CountOfUpdate(namespace_name, of); }
  void operator()(const workflow::OfActivity& of) const {
    metrics.CountOfActivity(namespace_name, state, of);
  }
};

void WorkflowMetrics::OnEntity(std::string_view namespace_name, const engine::Entity& entity) {
  const State& state = workflow::StateOf(entity);
  Of(namespace_name, state);
  for (const auto& [id, activity] : *state.activities) Of(namespace_name, state, *activity->scheduled);
}

void WorkflowMetrics::OnStep(std::string_view namespace_name, const engine::Entity& entity,
                             const std::vector<engine::Record>& records,
                             const engine::Happenings* happenings) {
  if (!records.empty()) {
    Histogram& transitions = *Of(namespace_name).transitions;
    for (const engine::Record& record : records) {
      transitions.Observe(static_cast<double>(record.sequence));
    }
  }
  if (happenings == nullptr) return;
  const Counting counting{*this, namespace_name, workflow::StateOf(entity)};
  const auto& said = static_cast<const workflow::RunHappenings&>(*happenings);
  for (const workflow::Happening& happening : said.list) std::visit(counting, happening);
}

void WorkflowMetrics::CountFailed(std::string_view namespace_name, const State& state,
                                  bool completion_refused) {
  Of(namespace_name, state).task_fail->Add();
  const OfNamespace& of = Of(namespace_name);
  (completion_refused ? of.tasks_refused : of.tasks_failed)->Add();
}

void WorkflowMetrics::SayUnsupported(std::string_view namespace_name, const State& state,
                                     enums::CommandType command) {
  Of(namespace_name).unsupported->Add();
  const std::string& name = enums::CommandType_Name(command);
  spdlog::warn("{}", WithFields("a workflow sends a command that this server does not know: its task fails "
                                "again and again",
                                {{"namespace", namespace_name},
                                 {"workflow_id", state.facts->workflow_id},
                                 {"run_id", state.facts->run_id.ToString()},
                                 {"workflow_type", state.workflow_type},
                                 {"command", name.empty() ? std::to_string(command) : name}}));
}

void WorkflowMetrics::CountTimedOut(std::string_view namespace_name, const State& state,
                                    enums::TimeoutType type) {
  // Of a task that no worker had, none has failed.
  if (type != enums::TIMEOUT_TYPE_SCHEDULE_TO_START) Of(namespace_name, state).task_timeout->Add();
  if (Counter* const by_type = Of(namespace_name).workflow_tasks.Of(type)) by_type->Add();
}

void WorkflowMetrics::CountOfActivity(std::string_view namespace_name, const State& state,
                                      const workflow::OfActivity& of) {
  Count(of.what, Of(namespace_name, state, *of.scheduled));
  const auto* const timed_out = std::get_if<engine::ActivityTimedOut>(&of.what);
  if (timed_out == nullptr) return;
  if (Counter* const by_type = Of(namespace_name).activities.Of(timed_out->type)) by_type->Add();
}

void WorkflowMetrics::CountOfUpdate(std::string_view namespace_name, const workflow::OfUpdate& of) {
  const OfNamespace& counters = Of(namespace_name);
  switch (of.what) {
    case workflow::OfUpdate::What::kAdmitted:
      return counters.updates_admitted->Add();
    case workflow::OfUpdate::What::kAccepted:
      return counters.updates_accepted->Add();
    case workflow::OfUpdate::What::kRejected:
      return counters.updates_rejected->Add();
    case workflow::OfUpdate::What::kCompleted:
      return counters.updates_completed->Add();
    case workflow::OfUpdate::What::kAborted:
      return counters.updates_aborted->Add();
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

void WorkflowMetrics::CountCompleted(std::string_view namespace_name,
                                     const workflow::WorkflowTaskCompleted& completed) {
  const OfNamespace& of = Of(namespace_name);
  (completed.sticky ? of.sticky : of.not_sticky)->Add();
  if (completed.commands.empty()) of.no_commands->Add();
  const auto ends = std::count_if(completed.commands.begin(), completed.commands.end(), EndsRun);
  if (ends > 1) of.second_ends->Add(static_cast<double>(ends - 1));
  for (const enums::CommandType command : completed.commands) {
    if (!enums::CommandType_IsValid(command)) continue;  // a completion with one of these is refused
    if (Counter* const own = of.commands.at(static_cast<size_t>(command))) own->Add();
  }
  // `of` is good no longer than until the next handles are looked for.
  for (const enums::CommandType command : completed.commands) CountCommand(namespace_name, command);
}

void WorkflowMetrics::CountCommand(std::string_view namespace_name, enums::CommandType command) {
  if (!enums::CommandType_IsValid(command)) return;
  // The type's number is key enough: its name is made once.
  const char number = static_cast<char>(command);
  const OfCommand& of = commands_.Find(SeriesKey({namespace_name, std::string_view(&number, 1)}), [&] {
    const std::string type = CamelCase(enums::CommandType_Name(command), "COMMAND_TYPE_");
    const LabelledMetricsPtr series = metrics_.Hold({{"operation", "RespondWorkflowTaskCompleted"},
                                                     {"namespace", namespace_name},
                                                     {"service_name", kService},
                                                     {"commandType", type}});
    return OfCommand{.series = {series}, .commands = &series->counter("command")};
  });
  of.commands->Add();
}

void WorkflowMetrics::CountClosed(std::string_view namespace_name, const State& state,
                                  const workflow::RunClosed& closed) {
  const OfWorkflow& of = Of(namespace_name, state);
  Counter* const counter = CloseCounter(of, closed.status);
  if (counter == nullptr) return;
  counter->Add();
  of.latency->Observe(closed.lasted);
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
