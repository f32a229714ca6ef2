#include "engine/workflow/run/links.h"

namespace perdure::engine::workflow {
namespace {

using temporal::api::common::v1::Link;

Link::WorkflowEvent* PointAt(Link& link, const State& state, const NamespaceSettings& settings) {
  auto* event = link.mutable_workflow_event();
  event->set_namespace_(settings.name);
  event->set_workflow_id(state.facts->workflow_id);
  event->set_run_id(state.facts->run_id.ToString());
  return event;
}

}  // namespace

Link LinkToStart(const State& state, const NamespaceSettings& settings) {
  Link link;
  auto* reference = PointAt(link, state, settings)->mutable_event_ref();
  reference->set_event_id(1);
  reference->set_event_type(temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED);
  return link;
}

Link LinkToRequest(const State& state, const NamespaceSettings& settings, const std::string& request_id,
                   temporal::api::enums::v1::EventType type) {
  Link link;
  auto* reference = PointAt(link, state, settings)->mutable_request_id_ref();
  reference->set_request_id(request_id);
  reference->set_event_type(type);
  return link;
}

}  // namespace perdure::engine::workflow
