#include "server/frontend/close_event.h"

#include "engine/values/failures.h"
#include "engine/workflow/run/next_run.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::history::v1::HistoryEvent;

constexpr std::string_view kFollowsNextRun = "follows-next-run-id";

// With the result or failure of the run, which is only shown.
HistoryEvent ContinuedAsNew(const HistoryEvent& closed) {
  HistoryEvent event;
  event.set_event_id(closed.event_id());
  *event.mutable_event_time() = closed.event_time();
  event.set_event_type(enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW);
  event.set_task_id(closed.task_id());
  auto& continued = *event.mutable_workflow_execution_continued_as_new_event_attributes();
  continued.set_new_execution_run_id(engine::workflow::NextRunIdOf(closed));
  if (closed.workflow_execution_completed_event_attributes().has_result()) {
    *continued.mutable_last_completion_result() =
        closed.workflow_execution_completed_event_attributes().result();
  }
  if (closed.has_workflow_execution_failed_event_attributes()) {
    *continued.mutable_failure() = closed.workflow_execution_failed_event_attributes().failure();
  } else if (closed.has_workflow_execution_timed_out_event_attributes()) {
    *continued.mutable_failure() =
        engine::TimeoutFailure("workflow timeout", enums::TIMEOUT_TYPE_START_TO_CLOSE);
  }
  return event;
}

}  // namespace

bool FollowsNextRun(std::string_view supported_features) {
  while (!supported_features.empty()) {
    const size_t end = supported_features.find(',');
    if (supported_features.substr(0, end) == kFollowsNextRun) return true;
    if (end == std::string_view::npos) return false;
    supported_features.remove_prefix(end + 1);
  }
  return false;
}

std::string AsContinuedAsNew(std::string framed) {
  temporal::api::history::v1::History history;
  if (!history.ParseFromString(framed) || history.events_size() != 1) return framed;
  HistoryEvent& event = *history.mutable_events(0);
  if (event.event_type() == enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW ||
      engine::workflow::NextRunIdOf(event).empty()) {
    return framed;
  }
  event = ContinuedAsNew(event);
  return history.SerializeAsString();
}

}  // namespace perdure::server
