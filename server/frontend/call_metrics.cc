#include "server/frontend/call_metrics.h"

#include <algorithm>

#include "server/frontend/call_errors.h"
#include "server/frontend/method.h"

namespace perdure::server {
namespace {

constexpr std::string_view kService = "frontend";

std::string_view NamespaceLabel(const NamespacePtr& name_space) {
  return name_space == nullptr ? std::string_view("_unknown_") : name_space->settings.name;
}

// Calls that are an action each, when they are answered OK. Of others what they did is (Call::NoteAction).
bool IsAction(const MethodSpec& method) {
  static constexpr auto kActions = std::to_array<std::string_view>(
      {"QueryWorkflow", "RecordActivityTaskHeartbeat", "RecordActivityTaskHeartbeatById",
       "ResetWorkflowExecution", "SignalWorkflowExecution", "SignalWithStartWorkflowExecution",
       "CreateSchedule", "UpdateSchedule", "DeleteSchedule", "PatchSchedule", "PauseWorkflowExecution",
       "UnpauseWorkflowExecution"});
  return method.service == ApiService::kWorkflow &&
         std::find(kActions.begin(), kActions.end(), method.name) != kActions.end();
}

}  // namespace

CallMetrics::CallMetrics(const MethodTable& table, Metrics& metrics) : metrics_(metrics) {
  for (size_t i = 0; i < table.methods().size(); ++i) methods_.push_back(std::make_unique<OfMethod>());
}

void CallMetrics::OnAnswered(const Method& method, const NamespacePtr& name_space, const absl::Status& status,
                             absl::Duration latency) {
  const std::string_view label = NamespaceLabel(name_space);
  const std::string type = status.ok() ? std::string() : ErrorType(status);
  {
    OfMethod& of_method = *methods_[method.index];
    const MutexLock lock(of_method.mutex);
    const Handles& handles = of_method.by_namespace.Find(label, [&] { return Make(method, label); });
    handles.requests->Add(1);
    handles.latency->Observe(latency);
    if (IsServersFailure(status)) handles.errors->Add(1);
    if (absl::IsNotFound(status)) handles.not_found->Add(1);
    if (type == "serviceerror_WorkflowExecutionAlreadyStarted") handles.already_started->Add(1);
  }
  if (!status.ok()) CountError(method, label, status);
  if (status.ok() && IsAction(method.spec)) {
    OnActions(method, name_space, {"grpc_" + std::string(method.spec.name)});
  }
}

void CallMetrics::CountError(const Method& method, std::string_view name_space, const absl::Status& status) {
  metrics_
      .Hold({{"operation", method.spec.name},
             {"namespace", name_space},
             {"service_name", kService},
             {"error_type", ErrorType(status)}})
      ->counter("service_error_with_type")
      .Add(1);
  if (!absl::IsResourceExhausted(status)) return;
  const Exhausted exhausted = ExhaustedOf(status);
  metrics_
      .Hold({{"operation", method.spec.name},
             {"namespace", name_space},
             {"service_name", kService},
             {"resource_exhausted_cause", exhausted.cause},
             {"resource_exhausted_scope", exhausted.scope}})
      ->counter("service_errors_resource_exhausted")
      .Add(1);
}

void CallMetrics::OnActions(const Method& method, const NamespacePtr& name_space,
                            const std::vector<std::string>& actions) {
  const std::string_view label = NamespaceLabel(name_space);
  OfMethod& of_method = *methods_[method.index];
  const MutexLock lock(of_method.mutex);
  for (const std::string& action : actions) {
    of_method.actions.Find(SeriesKey({label, action}), [&] { return MakeAction(method, label, action); })
        .count->Add(1);
  }
}

CallMetrics::Handles CallMetrics::Make(const Method& method, std::string_view name_space) {
  const LabelledMetricsPtr series =
      metrics_.Hold({{"operation", method.spec.name}, {"namespace", name_space}, {"service_name", kService}});
  return {.series = {series},
          .requests = &series->counter("service_requests"),
          .errors = &series->counter("service_errors"),
          .not_found = &series->counter("service_errors_entity_not_found"),
          .already_started = &series->counter("service_errors_execution_already_started"),
          .latency = &series->histogram("service_latency")};
}

CallMetrics::ActionHandle CallMetrics::MakeAction(const Method& method, std::string_view name_space,
                                                  std::string_view action) {
  const LabelledMetricsPtr series = metrics_.Hold({{"operation", method.spec.name},
                                                   {"namespace", name_space},
                                                   {"service_name", kService},
                                                   {"action_type", action}});
  return {.series = {series}, .count = &series->counter("action")};
}

}  // namespace perdure::server
