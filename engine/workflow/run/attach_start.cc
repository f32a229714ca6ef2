#include <utility>

#include "engine/workflow/handle.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/run/links.h"
#include "engine/workflow/run/start.h"

namespace perdure::engine::workflow {

namespace enums = temporal::api::enums::v1;

absl::StatusOr<Reply> Handle(Transition& transition, const AttachStart& attach) {
  const auto& request = attach.request;
  const State& state = transition.state();
  if (absl::Status open = CheckOpen(state); !open.ok()) return open;
  const auto& options = request.on_conflict_options();

  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED);
  auto* updated = event.mutable_workflow_execution_options_updated_event_attributes();
  if (options.attach_request_id()) updated->set_attached_request_id(request.request_id());
  if (options.attach_links()) *event.mutable_links() = request.links();
  event.set_worker_may_ignore(true);
  transition.EmitOrBuffer(std::move(event));

  const NamespaceSettings& settings = transition.context().settings;
  StartReply reply = NewStartReply(state, settings, false);
  if (options.attach_request_id()) {
    *reply.response.mutable_link() = LinkToRequest(state, settings, request.request_id(),
                                                   enums::EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED);
  }
  return reply;
}

}  // namespace perdure::engine::workflow
