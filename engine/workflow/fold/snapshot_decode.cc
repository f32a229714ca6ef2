// DecodeSnapshot: takes nothing on trust that other code here relies on.

#include <string_view>

#include "absl/status/status.h"
#include "base/nesting.h"
#include "base/time.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/inbox.h"
#include "engine/workflow/workflow.h"
#include "perdure/snapshot.pb.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using perdure::engine::Snapshot;
using temporal::api::history::v1::HistoryEvent;

std::optional<absl::Time> ReadTime(bool is_set, const google::protobuf::Timestamp& time) {
  if (!is_set) return std::nullopt;
  return FromProto(time);
}

EventPtr Take(HistoryEvent* event) { return std::make_shared<const HistoryEvent>(std::move(*event)); }

// Each reader moves its part of the snapshot into the state, and says what is wrong with it ("" when nothing
// is).
using Wrong = std::string_view;
constexpr Wrong kFine = "";

Wrong ReadFacts(Snapshot& snapshot, State& state) {
  const std::optional<Uuid> namespace_id = Uuid::FromBytes(snapshot.namespace_id());
  const std::optional<Uuid> run_id = Uuid::FromBytes(snapshot.run_id());
  if (!namespace_id.has_value() || !run_id.has_value()) return "ids";
  if (!snapshot.started().has_workflow_execution_started_event_attributes()) return "started event";
  RunFacts facts;
  facts.namespace_id = *namespace_id;
  facts.workflow_id = snapshot.workflow_id();
  facts.run_id = *run_id;
  facts.request_id = snapshot.request_id();
  facts.started = Take(snapshot.mutable_started());
  facts.start_time = FromProto(snapshot.start_time());
  state.facts = Cow<RunFacts>(std::move(facts));
  return kFine;
}

Wrong ReadExecution(Snapshot& snapshot, State& state) {
  if (!enums::WorkflowExecutionStatus_IsValid(snapshot.status()) ||
      snapshot.status() == enums::WORKFLOW_EXECUTION_STATUS_UNSPECIFIED) {
    return "status";
  }
  const bool open = snapshot.status() == enums::WORKFLOW_EXECUTION_STATUS_RUNNING;
  if (open == snapshot.has_close_event() || open == snapshot.has_close_time()) return "close event";
  if (snapshot.next_event_id() < 2 || snapshot.last_sequence() < 1 || snapshot.history_size_bytes() < 0)
    return "counters";
  state.status = snapshot.status();
  state.close_time = ReadTime(snapshot.has_close_time(), snapshot.close_time());
  state.delete_after = ReadTime(snapshot.has_delete_after(), snapshot.delete_after());
  state.next_event_id = snapshot.next_event_id();
  state.last_sequence = snapshot.last_sequence();
  state.history_size_bytes = snapshot.history_size_bytes();
  state.external_payloads = {snapshot.external_payload_count(), snapshot.external_payload_size_bytes()};
  state.last_event_time = FromProto(snapshot.last_event_time());
  if (snapshot.has_close_event()) state.close_event = Take(snapshot.mutable_close_event());
  state.workflow_type = snapshot.workflow_type();
  state.task_queue = snapshot.task_queue();
  state.workflow_task_timeout = FromProto(snapshot.workflow_task_timeout());
  state.run_expires_at = ReadTime(snapshot.has_run_expires_at(), snapshot.run_expires_at());
  state.execution_expires_at = ReadTime(snapshot.has_execution_expires_at(), snapshot.execution_expires_at());
  state.first_task_not_before =
      ReadTime(snapshot.has_first_task_not_before(), snapshot.first_task_not_before());
  state.memo.Mutable() = std::move(*snapshot.mutable_memo());
  state.search_attributes.Mutable() = std::move(*snapshot.mutable_search_attributes());
  return kFine;
}

Wrong ReadTask(Snapshot::WorkflowTask& in, int64_t next_event_id, WorkflowTask& task) {
  if (in.attempt() < 1 || in.scheduled_event_id() < 1) return "workflow task";
  // A transient task's ids lie ahead of the history.
  if (in.scheduled_event_id() >= next_event_id && !in.transient()) return "workflow task";
  const bool started = in.started_event_id() != 0;
  if (in.started_event_id() < 0 || started != in.has_started() || started != in.has_started_time()) {
    return "workflow task start";
  }
  if (started && !in.started().has_workflow_task_started_event_attributes()) return "workflow task start";
  if (started && in.transient() && !in.scheduled().has_workflow_task_scheduled_event_attributes()) {
    return "transient workflow task";
  }
  task.scheduled_event_id = in.scheduled_event_id();
  task.started_event_id = in.started_event_id();
  task.attempt = in.attempt();
  task.schedule = in.transient() ? WorkflowTask::Schedule::kTransient : WorkflowTask::Schedule::kDurable;
  task.start = started ? WorkflowTask::Start::kHard : WorkflowTask::Start::kNo;
  task.scheduled_time = FromProto(in.scheduled_time());
  task.original_scheduled_time = ReadTime(in.has_original_scheduled_time(), in.original_scheduled_time());
  task.task_queue = in.task_queue();
  task.sticky = in.sticky();
  task.start_by = ReadTime(in.has_start_by(), in.start_by());
  task.start_to_close_timeout = FromProto(in.start_to_close_timeout());
  task.started_time = ReadTime(in.has_started_time(), in.started_time());
  task.start_nonce = in.start_nonce();
  task.identity = in.identity();
  if (in.has_scheduled()) task.scheduled = Take(in.mutable_scheduled());
  if (in.has_started()) task.started = Take(in.mutable_started());
  return kFine;
}

std::shared_ptr<const DeploymentUse> ReadUse(const Snapshot::DeploymentUse& in) {
  DeploymentUse use;
  if (in.has_info()) {
    use.info =
        std::make_shared<const temporal::api::workflow::v1::WorkflowExecutionVersioningInfo>(in.info());
  }
  use.versions.assign(in.versions().begin(), in.versions().end());
  use.stamped_build_ids.assign(in.stamped_build_ids().begin(), in.stamped_build_ids().end());
  return std::make_shared<const DeploymentUse>(std::move(use));
}

Wrong ReadWorkflowTasks(Snapshot& snapshot, State& state) {
  if (snapshot.has_workflow_task()) {
    WorkflowTask task;
    if (Wrong wrong = ReadTask(*snapshot.mutable_workflow_task(), state.next_event_id, task); !wrong.empty())
      return wrong;
    state.workflow_task.Restore(std::move(task));
  }
  if (snapshot.workflow_task_attempt() < 1) return "workflow task attempt";
  if (snapshot.previous_started_event_id() < 0 || snapshot.last_completed_event_id() < 0)
    return "completed task";
  state.workflow_task_attempt = snapshot.workflow_task_attempt();
  state.previous_started_event_id = snapshot.previous_started_event_id();
  state.last_completed_event_id = snapshot.last_completed_event_id();
  if (snapshot.has_sticky()) {
    state.sticky =
        StickyTaskQueue{snapshot.sticky().name(), FromProto(snapshot.sticky().schedule_to_start_timeout())};
  }
  state.last_worker_identity = snapshot.last_worker_identity();
  if (snapshot.has_worker_version()) {
    state.worker_version =
        std::make_shared<const temporal::api::common::v1::WorkerVersionStamp>(snapshot.worker_version());
  }
  state.worker_deployment_name = snapshot.worker_deployment_name();
  if (snapshot.has_deployment_use()) state.deployment_use = ReadUse(snapshot.deployment_use());
  state.auto_reset_points.Mutable() = std::move(*snapshot.mutable_auto_reset_points());
  state.close_attempted = snapshot.close_attempted();
  const auto& problems = snapshot.workflow_task_problems();
  if (problems.count() < 0) return "workflow task problems";
  state.workflow_task_problems = {problems.count(), problems.timed_out(), problems.cause()};
  return kFine;
}

std::shared_ptr<const Activity> ReadActivity(Snapshot::Activity& in) {
  Activity activity;
  activity.attempt = in.attempt();
  activity.scheduled_time = FromProto(in.scheduled_time());
  activity.started_time = ReadTime(in.has_started_time(), in.started_time());
  activity.started_event_id = in.started_event_id();
  activity.request_id = in.request_id();
  activity.identity = in.identity();
  activity.last_heartbeat_time = ReadTime(in.has_last_heartbeat_time(), in.last_heartbeat_time());
  if (in.has_heartbeat_details()) {
    activity.heartbeat_details =
        std::make_shared<const temporal::api::common::v1::Payloads>(in.heartbeat_details());
  }
  activity.cancel_requested_event_id = in.cancel_requested_event_id();
  if (in.has_last_failure()) {
    activity.last_failure = std::make_shared<const temporal::api::failure::v1::Failure>(in.last_failure());
  }
  activity.last_worker_identity = in.last_worker_identity();
  if (in.has_last_deployment()) {
    activity.last_deployment =
        std::make_shared<const temporal::api::deployment::v1::WorkerDeploymentVersion>(in.last_deployment());
  }
  activity.last_attempt_complete_time =
      ReadTime(in.has_last_attempt_complete_time(), in.last_attempt_complete_time());
  activity.scheduled = Take(in.mutable_scheduled());
  return std::make_shared<const Activity>(std::move(activity));
}

Wrong ReadActivities(Snapshot& snapshot, State& state) {
  auto& activities = state.activities.Mutable();
  auto& ids = state.activity_ids.Mutable();
  for (Snapshot::Activity& in : *snapshot.mutable_activities()) {
    const int64_t id = in.scheduled().event_id();
    if (!in.scheduled().has_activity_task_scheduled_event_attributes() || id < 1 ||
        id >= state.next_event_id) {
      return "activity";
    }
    if (in.attempt() < 1 || in.started_event_id() < 0 || in.cancel_requested_event_id() < 0)
      return "activity";
    const std::string activity_id = in.scheduled().activity_task_scheduled_event_attributes().activity_id();
    if (!ids.emplace(activity_id, id).second) return "activity id";
    if (!activities.emplace(id, ReadActivity(in)).second) return "activity event id";
  }
  return kFine;
}

Wrong ReadTimersAndBuffer(Snapshot& snapshot, State& state) {
  auto& timers = state.timers.Mutable();
  for (const Snapshot::Timer& in : snapshot.timers()) {
    if (in.started_event_id() < 1 || in.started_event_id() >= state.next_event_id) return "timer";
    const Timer timer{in.started_event_id(), in.timer_id(), FromProto(in.fires_at())};
    if (!timers.emplace(in.timer_id(), timer).second) return "timer id";
  }
  auto& buffered = state.buffered.Mutable();
  for (HistoryEvent& event : *snapshot.mutable_buffered()) {
    if (event.event_id() != 0) return "buffered event";
    buffered.push_back(Take(&event));
  }
  return kFine;
}

Wrong ReadRequests(const Snapshot& snapshot, State& state) {
  if (snapshot.cancel_requested_event_id() < 0 || snapshot.signal_count() < 0) return "requests";
  state.cancel_requested_event_id = snapshot.cancel_requested_event_id();
  state.cancel_request_id = snapshot.cancel_request_id();
  state.signal_count = snapshot.signal_count();
  state.signal_request_ids.Mutable().insert(snapshot.signal_request_ids().begin(),
                                            snapshot.signal_request_ids().end());
  auto& start_request_ids = state.start_request_ids.Mutable();
  for (const Snapshot::StartRequestId& in : snapshot.start_request_ids()) {
    if (in.event_id() < 0 || !start_request_ids.emplace(in.request_id(), in.event_id()).second)
      return "start request";
  }
  return kFine;
}

bool IsPast(int64_t event_id, const State& state) { return event_id >= 1 && event_id < state.next_event_id; }

Wrong ReadChildren(Snapshot& snapshot, State& state) {
  auto& children = state.children.Mutable();
  for (Snapshot::Child& in : *snapshot.mutable_children()) {
    const int64_t id = in.initiated().event_id();
    const std::optional<Uuid> run_id = Uuid::FromBytes(in.run_id());
    const bool whole = in.initiated().has_start_child_workflow_execution_initiated_event_attributes();
    if (!whole || !IsPast(id, state) || !run_id.has_value() || in.started_event_id() < 0) return "child";
    const PendingChild child{Take(in.mutable_initiated()), *run_id, in.started(), in.started_event_id(),
                             in.released()};
    if (!children.emplace(id, child).second) return "child";
  }
  return kFine;
}

template <bool (HistoryEvent::*kHas)() const>
Wrong ReadExternals(google::protobuf::RepeatedPtrField<Snapshot::External>& in, const State& state,
                    absl::btree_map<int64_t, PendingExternal>& externals) {
  for (Snapshot::External& external : in) {
    const int64_t id = external.initiated().event_id();
    const std::optional<Uuid> request_id = Uuid::FromBytes(external.request_id());
    if (!(external.initiated().*kHas)() || !IsPast(id, state) || !request_id.has_value()) return "external";
    if (!externals.emplace(id, PendingExternal{Take(external.mutable_initiated()), *request_id}).second) {
      return "external";
    }
  }
  return kFine;
}

Wrong ReadMessages(Snapshot& snapshot, State& state) {
  if (Wrong wrong = ReadChildren(snapshot, state); !wrong.empty()) return wrong;
  if (Wrong wrong =
          ReadExternals<&HistoryEvent::has_signal_external_workflow_execution_initiated_event_attributes>(
              *snapshot.mutable_external_signals(), state, state.external_signals.Mutable());
      !wrong.empty()) {
    return wrong;
  }
  if (Wrong wrong = ReadExternals<
          &HistoryEvent::has_request_cancel_external_workflow_execution_initiated_event_attributes>(
          *snapshot.mutable_external_cancels(), state, state.external_cancels.Mutable());
      !wrong.empty()) {
    return wrong;
  }
  for (const auto& in : snapshot.inbox()) {
    const std::optional<std::pair<InboxKey, EntityAddress>> read = ReadReceived(in);
    if (!read.has_value() || !state.inbox.Mutable().insert(*read).second) return "inbox";
  }
  if (HasParent(state)) {
    const std::optional<Uuid> original = Uuid::FromBytes(snapshot.parent_original_run_id());
    if (!original.has_value()) return "parent";
    state.facts.Mutable().parent_original_run_id = *original;
  }
  state.unreleased = snapshot.unreleased();
  state.report_settled = snapshot.report_settled();
  return kFine;
}

Wrong ReadReset(const Snapshot& snapshot, State& state) {
  if (snapshot.has_deleted_at()) state.deleted_at = FromProto(snapshot.deleted_at());
  state.ended_by_reset = snapshot.ended_by_reset();
  state.handed_on_below = snapshot.handed_on_below();
  state.reset_request_id = snapshot.reset_request_id();
  if (!snapshot.reset_run_id().empty()) {
    const std::optional<Uuid> run_id = Uuid::FromBytes(snapshot.reset_run_id());
    if (!run_id.has_value()) return "reset";
    state.reset_run_id = *run_id;
  }
  for (const auto& in : snapshot.origins()) {
    const std::optional<Uuid> run_id = Uuid::FromBytes(in.run_id());
    if (!run_id.has_value()) return "origin";
    state.facts.Mutable().origins.push_back({in.below_event_id(), *run_id});
  }
  return kFine;
}

Wrong ReadUpdates(const Snapshot& snapshot, State& state) {
  for (const auto& in : snapshot.updates()) {
    const RecordedUpdate update{in.admitted_event_id(), in.accepted_event_id(), in.completed_event_id()};
    const int64_t last =
        std::max({update.admitted_event_id, update.accepted_event_id, update.completed_event_id});
    const int64_t least =
        std::min({update.admitted_event_id, update.accepted_event_id, update.completed_event_id});
    if (least < 0 || last == 0 || last >= state.next_event_id) return "update";
    if (!update.IsInFlight() && update.accepted_event_id == 0) return "update";
    if (!state.updates.Mutable().try_emplace(in.update_id(), update).second) return "update";
    if (update.IsInFlight()) ++state.updates_in_flight;
  }
  return kFine;
}

Wrong Read(Snapshot& snapshot, State& state) {
  if (Wrong wrong = ReadFacts(snapshot, state); !wrong.empty()) return wrong;
  if (Wrong wrong = ReadExecution(snapshot, state); !wrong.empty()) return wrong;
  if (Wrong wrong = ReadWorkflowTasks(snapshot, state); !wrong.empty()) return wrong;
  if (Wrong wrong = ReadActivities(snapshot, state); !wrong.empty()) return wrong;
  if (Wrong wrong = ReadTimersAndBuffer(snapshot, state); !wrong.empty()) return wrong;
  if (Wrong wrong = ReadRequests(snapshot, state); !wrong.empty()) return wrong;
  if (Wrong wrong = ReadMessages(snapshot, state); !wrong.empty()) return wrong;
  if (Wrong wrong = ReadUpdates(snapshot, state); !wrong.empty()) return wrong;
  return ReadReset(snapshot, state);
}

}  // namespace

absl::StatusOr<State> DecodeSnapshot(std::string_view bytes) {
  Snapshot snapshot;
  if (!ParseStored(bytes, snapshot)) {
    return absl::DataLossError("a snapshot cannot be read");
  }
  State state;
  const Wrong wrong = Read(snapshot, state);
  if (!wrong.empty()) return absl::DataLossError("a snapshot is damaged: " + std::string(wrong));
  return state;
}

}  // namespace perdure::engine::workflow
