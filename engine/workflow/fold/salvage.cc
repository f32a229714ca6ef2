#include "engine/workflow/fold/salvage.h"

#include <memory>
#include <utility>

#include "base/limits.h"
#include "base/time.h"
#include "engine/workflow/transition.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

// Stands for the first event when that cannot be read. It is in no history.
EventPtr MadeUpStarted(const Remains& remains) {
  HistoryEvent event;
  event.set_event_type(enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED);
  *event.mutable_event_time() = ToProto(remains.start_time);
  SetEventId(event, 1);
  auto& started = *event.mutable_workflow_execution_started_event_attributes();
  const std::string run_id = remains.run_id.ToString();
  started.mutable_workflow_type()->set_name(remains.workflow_type);
  started.mutable_task_queue()->set_name(remains.task_queue);
  started.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  started.set_workflow_id(remains.workflow_id);
  started.set_first_execution_run_id(run_id);
  started.set_original_execution_run_id(run_id);
  started.set_attempt(1);
  return std::make_shared<const HistoryEvent>(std::move(event));
}

State Nothing(const Remains& remains) {
  State state;
  state.facts = Cow<RunFacts>(RunFacts{.namespace_id = remains.namespace_id,
                                       .workflow_id = remains.workflow_id,
                                       .run_id = remains.run_id,
                                       .request_id = {},
                                       .started = MadeUpStarted(remains),
                                       .start_time = remains.start_time,
                                       .parent_original_run_id = {},
                                       .origins = {}});
  state.workflow_type = remains.workflow_type;
  state.task_queue = remains.task_queue;
  state.workflow_task_timeout = limits::kDefaultWorkflowTaskTimeout;
  state.last_event_time = remains.start_time;
  return state;
}

}  // namespace

State Salvage(Remains remains) {
  State state = remains.folded ? *std::move(remains.folded) : Nothing(remains);
  state.status = remains.status;
  state.close_time = remains.close_time;
  state.delete_after = std::nullopt;
  state.close_event = nullptr;
  state.next_event_id = remains.next_event_id;
  state.last_sequence = remains.last_sequence;
  state.history_size_bytes = remains.history_size_bytes;
  state.workflow_task = {};
  state.first_task_not_before = std::nullopt;
  state.sticky = std::nullopt;
  state.buffered = Cow<std::vector<EventPtr>>();
  state.flushed_through = 0;
  state.activities = {};
  state.activity_ids = {};
  state.timers = {};
  state.children = {};
  state.external_signals = {};
  state.external_cancels = {};
  state.inbox = {};
  return state;
}

}  // namespace perdure::engine::workflow
