#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/time.h"
#include "engine/values/payload.h"
#include "engine/workflow/fold/apply.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/inbox.h"
#include "engine/workflow/run/next_run.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::history::v1::HistoryEvent;
using temporal::api::history::v1::WorkflowExecutionStartedEventAttributes;
using temporal::api::workflow::v1::ResetPoints;

// Of the runs before: those that are still kept.
ResetPoints PointsTakenOver(const WorkflowExecutionStartedEventAttributes& started, absl::Time now) {
  ResetPoints kept;
  for (const auto& point : started.prev_auto_reset_points().points()) {
    if (!point.has_expire_time() || FromProto(point.expire_time()) >= now) *kept.add_points() = point;
  }
  return kept;
}

void ApplyStarted(State& state, const EventPtr& event) {
  const auto& started = event->workflow_execution_started_event_attributes();
  RunFacts& facts = state.facts.Mutable();
  facts.started = event;
  facts.start_time = FromProto(event->event_time());
  state.status = enums::WORKFLOW_EXECUTION_STATUS_RUNNING;
  state.workflow_type = started.workflow_type().name();
  state.task_queue = started.task_queue().name();
  state.workflow_task_timeout = FromProto(started.workflow_task_timeout());
  state.start_request_ids.Mutable()[facts.request_id] = event->event_id();
  if (started.has_memo()) state.memo = Cow(started.memo());
  if (started.has_search_attributes()) state.search_attributes = Cow(started.search_attributes());
  if (!started.prev_auto_reset_points().points().empty()) {
    state.auto_reset_points = Cow(PointsTakenOver(started, facts.start_time));
  }

  const absl::Duration delay = FromProto(started.first_workflow_task_backoff());
  if (delay > absl::ZeroDuration()) state.first_task_not_before = facts.start_time + delay;
  if (started.has_workflow_execution_expiration_time()) {
    state.execution_expires_at = FromProto(started.workflow_execution_expiration_time());
  }
  const absl::Duration run_timeout = FromProto(started.workflow_run_timeout());
  if (run_timeout > absl::ZeroDuration()) {
    state.run_expires_at = facts.start_time + delay + run_timeout;
    if (state.execution_expires_at.has_value()) {
      state.run_expires_at = std::min(*state.run_expires_at, *state.execution_expires_at);
    }
  }
}

void ApplyClose(State& state, const EventPtr& event, enums::WorkflowExecutionStatus status) {
  PERDURE_CHECK(state.IsOpen(), "a run closes once");
  state.status = status;
  state.close_time = FromProto(event->event_time());
  state.close_event = event;
  state.workflow_task.End();
  // What came about while the run was closing is told to nobody.
  state.buffered = Cow<std::vector<EventPtr>>();
  ForgetAtClose(state);
}

void ApplySignaled(State& state, const HistoryEvent& event) {
  ++state.signal_count;
  const auto& signaled = event.workflow_execution_signaled_event_attributes();
  // Repeats of another workflow's signal are known by the inbox.
  if (signaled.has_external_workflow_execution()) return;
  const std::string& request_id = signaled.request_id();
  if (!request_id.empty()) state.signal_request_ids.Mutable().insert(request_id);
}

void ApplyFamily(State& state, const perdure::engine::RunCreated& created) {
  if (const std::optional<Uuid> original = Uuid::FromBytes(created.parent_original_run_id())) {
    state.facts.Mutable().parent_original_run_id = *original;
  }
  state.unreleased = created.unreleased();
  for (const auto& origin : created.origins()) {
    const std::optional<Uuid> run_id = Uuid::FromBytes(origin.run_id());
    PERDURE_CHECK(run_id.has_value(), "ids are 16 bytes");
    state.facts.Mutable().origins.push_back({origin.below_event_id(), *run_id});
  }
  for (const auto& received : created.inbox()) {
    if (const auto entry = ReadReceived(received)) state.inbox.Mutable().insert(*entry);
  }
}

void ApplyOptionsUpdated(State& state, const HistoryEvent& event) {
  const auto& request_id = event.workflow_execution_options_updated_event_attributes().attached_request_id();
  if (!request_id.empty()) state.start_request_ids.Mutable()[request_id] = event.event_id();
}

}  // namespace

void fold::ExecutionStarted(State& state, const EventPtr& event) { ApplyStarted(state, event); }

void fold::ExecutionCompleted(State& state, const EventPtr& event) {
  ApplyClose(state, event, enums::WORKFLOW_EXECUTION_STATUS_COMPLETED);
}

void fold::ExecutionFailed(State& state, const EventPtr& event) {
  ApplyClose(state, event, enums::WORKFLOW_EXECUTION_STATUS_FAILED);
}

void fold::ExecutionTimedOut(State& state, const EventPtr& event) {
  ApplyClose(state, event, enums::WORKFLOW_EXECUTION_STATUS_TIMED_OUT);
}

void fold::ExecutionCanceled(State& state, const EventPtr& event) {
  ApplyClose(state, event, enums::WORKFLOW_EXECUTION_STATUS_CANCELED);
}

void fold::ExecutionTerminated(State& state, const EventPtr& event) {
  ApplyClose(state, event, enums::WORKFLOW_EXECUTION_STATUS_TERMINATED);
}

void fold::ExecutionContinuedAsNew(State& state, const EventPtr& event) {
  ApplyClose(state, event, enums::WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW);
}

void fold::ExecutionSignaled(State& state, const EventPtr& event) { ApplySignaled(state, *event); }

void fold::ExecutionCancelRequested(State& state, const EventPtr& event) {
  state.cancel_requested_event_id = event->event_id();
}

void fold::ExecutionOptionsUpdated(State& state, const EventPtr& event) {
  ApplyOptionsUpdated(state, *event);
}

void fold::PropertiesModified(State& state, const EventPtr& event) {
  MergePayloads(event->workflow_properties_modified_event_attributes().upserted_memo().fields(),
                *state.memo.Mutable().mutable_fields());
}

void fold::SearchAttributesUpserted(State& state, const EventPtr& event) {
  MergePayloads(
      event->upsert_workflow_search_attributes_event_attributes().search_attributes().indexed_fields(),
      *state.search_attributes.Mutable().mutable_indexed_fields());
}

void fold_change::RunCreated(State& state, const Change& change) {
  const auto& created = change.run_created();
  RunFacts& facts = state.facts.Mutable();
  const std::optional<Uuid> namespace_id = Uuid::FromBytes(created.namespace_id());
  const std::optional<Uuid> run_id = Uuid::FromBytes(created.run_id());
  PERDURE_CHECK(namespace_id.has_value() && run_id.has_value(), "ids are 16 bytes");
  facts.namespace_id = *namespace_id;
  facts.run_id = *run_id;
  facts.workflow_id = created.workflow_id();
  facts.request_id = created.request_id();
  ApplyFamily(state, created);
}

// A run that is followed hands on its points to reset to, with the time until which it is kept.
void fold_change::RunClosed(State& state, const Change& change) {
  const auto& closed = change.run_closed();
  state.delete_after = FromProto(closed.delete_after());
  if (NextRunIdOf(*state.close_event).empty() || state.auto_reset_points->points().empty()) return;
  const std::string run_id = state.facts->run_id.ToString();
  for (auto& point : *state.auto_reset_points.Mutable().mutable_points()) {
    if (point.run_id() == run_id) *point.mutable_expire_time() = closed.delete_after();
  }
}

void fold_change::RequestSeen(State& state, const Change& change) {
  switch (change.request_seen().kind()) {
    case perdure::engine::RequestSeen::CANCEL:
      state.cancel_request_id = change.request_seen().request_id();
      return;
    case perdure::engine::RequestSeen::SIGNAL:
      state.signal_request_ids.Mutable().insert(change.request_seen().request_id());
      return;
    case perdure::engine::RequestSeen::START_ATTACHED:
      state.start_request_ids.Mutable()[change.request_seen().request_id()] = 0;
      return;
    case perdure::engine::RequestSeen::KIND_UNSPECIFIED:
    default:
      CheckFailed(__FILE__, __LINE__, "request kind", "a record of a newer release, or a damaged one");
  }
}

}  // namespace perdure::engine::workflow
