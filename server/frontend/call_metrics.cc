#include "server/frontend/call_metrics.h"

#include "server/frontend/method.h"

namespace perdure::server {
namespace {

constexpr std::string_view kService = "frontend";

const std::string& NamespaceLabel(const NamespacePtr& name_space) {
  static const std::string kUnknown = "_unknown_";
  return name_space == nullptr ? kUnknown : name_space->settings.name;
}

}  // namespace

CallMetrics::CallMetrics(const MethodTable& table, Metrics& metrics) : metrics_(metrics) {
  for (size_t i = 0; i < table.methods().size(); ++i) methods_.push_back(std::make_unique<OfMethod>());
}

void CallMetrics::OnAnswered(const Method& method, const NamespacePtr& name_space, const absl::Status& status,
                             absl::Duration latency) {
  const std::string& label = NamespaceLabel(name_space);
  const Handles handles = HandlesOf(method, label);
  handles.requests->Add(1);
  handles.latency->Observe(latency);
  if (status.ok()) return;
  handles.errors->Add(1);
  metrics_
      .counter("service_error_with_type", {{"operation", method.spec.name},
                                           {"namespace", label},
                                           {"service_name", kService},
                                           {"error_type", absl::StatusCodeToString(status.code())}})
      .Add(1);
}

CallMetrics::Handles CallMetrics::HandlesOf(const Method& method, const std::string& name_space) {
  OfMethod& of_method = *methods_[method.index];
  const std::lock_guard lock(of_method.mutex);
  const auto [found, is_new] = of_method.by_namespace.try_emplace(name_space);
  if (is_new) {
    const Metrics::Labels labels = {
        {"operation", method.spec.name}, {"namespace", name_space}, {"service_name", kService}};
    found->second = {&metrics_.counter("service_requests", labels),
                     &metrics_.counter("service_errors", labels),
                     &metrics_.histogram("service_latency", labels)};
  }
  return found->second;
}

}  // namespace perdure::server
