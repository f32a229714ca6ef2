// EncodeSnapshot.

#include <algorithm>
#include <vector>

#include "base/time.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/inbox.h"
#include "engine/workflow/workflow.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "perdure/snapshot.pb.h"

namespace perdure::engine::workflow {
namespace {

using perdure::engine::Snapshot;

void Put(const std::optional<absl::Time>& time, google::protobuf::Timestamp* (Snapshot::*field)(),
         Snapshot& snapshot) {
  if (time.has_value()) *(snapshot.*field)() = ToProto(*time);
}

void PutFacts(const RunFacts& facts, Snapshot& snapshot) {
  snapshot.set_namespace_id(std::string(facts.namespace_id.View()));
  snapshot.set_workflow_id(facts.workflow_id);
  snapshot.set_run_id(std::string(facts.run_id.View()));
  snapshot.set_request_id(facts.request_id);
  *snapshot.mutable_started() = *facts.started;
  *snapshot.mutable_start_time() = ToProto(facts.start_time);
}

void PutExecution(const State& state, Snapshot& snapshot) {
  snapshot.set_status(state.status);
  Put(state.close_time, &Snapshot::mutable_close_time, snapshot);
  Put(state.delete_after, &Snapshot::mutable_delete_after, snapshot);
  snapshot.set_next_event_id(state.next_event_id);
  snapshot.set_last_sequence(state.last_sequence);
  snapshot.set_history_size_bytes(state.history_size_bytes);
  snapshot.set_external_payload_count(state.external_payloads.count);
  snapshot.set_external_payload_size_bytes(state.external_payloads.size_bytes);
  *snapshot.mutable_last_event_time() = ToProto(state.last_event_time);
  if (state.close_event != nullptr) *snapshot.mutable_close_event() = *state.close_event;
  snapshot.set_workflow_type(state.workflow_type);
  snapshot.set_task_queue(state.task_queue);
  *snapshot.mutable_workflow_task_timeout() = ToProto(state.workflow_task_timeout);
  Put(state.run_expires_at, &Snapshot::mutable_run_expires_at, snapshot);
  Put(state.execution_expires_at, &Snapshot::mutable_execution_expires_at, snapshot);
  Put(state.first_task_not_before, &Snapshot::mutable_first_task_not_before, snapshot);
  *snapshot.mutable_memo() = *state.memo;
  *snapshot.mutable_search_attributes() = *state.search_attributes;
}

void PutTask(const WorkflowTask& task, Snapshot::WorkflowTask& out) {
  out.set_scheduled_event_id(task.scheduled_event_id);
  out.set_started_event_id(task.started_event_id);
  out.set_attempt(task.attempt);
  out.set_transient(task.IsTransient());
  *out.mutable_scheduled_time() = ToProto(task.scheduled_time);
  if (task.original_scheduled_time.has_value()) {
    *out.mutable_original_scheduled_time() = ToProto(*task.original_scheduled_time);
  }
  out.set_task_queue(task.task_queue);
  out.set_sticky(task.sticky);
  if (task.start_by.has_value()) *out.mutable_start_by() = ToProto(*task.start_by);
  *out.mutable_start_to_close_timeout() = ToProto(task.start_to_close_timeout);
  if (task.started_time.has_value()) *out.mutable_started_time() = ToProto(*task.started_time);
  out.set_start_nonce(task.start_nonce);
  out.set_identity(task.identity);
  if (task.scheduled != nullptr) *out.mutable_scheduled() = *task.scheduled;
  if (task.started != nullptr) *out.mutable_started() = *task.started;
}

void PutUse(const DeploymentUse& use, Snapshot::DeploymentUse& out) {
  if (use.info != nullptr) *out.mutable_info() = *use.info;
  for (const std::string& version : use.versions) out.add_versions(version);
  for (const std::string& build_id : use.stamped_build_ids) out.add_stamped_build_ids(build_id);
}

void PutWorkflowTasks(const State& state, Snapshot& snapshot) {
  if (const auto task = state.workflow_task.Durable()) PutTask(*task, *snapshot.mutable_workflow_task());
  snapshot.set_workflow_task_attempt(state.workflow_task_attempt);
  snapshot.set_previous_started_event_id(state.previous_started_event_id);
  snapshot.set_last_completed_event_id(state.last_completed_event_id);
  if (state.sticky.has_value()) {
    snapshot.mutable_sticky()->set_name(state.sticky->name);
    *snapshot.mutable_sticky()->mutable_schedule_to_start_timeout() =
        ToProto(state.sticky->schedule_to_start_timeout);
  }
  snapshot.set_last_worker_identity(state.last_worker_identity);
  if (state.worker_version != nullptr) *snapshot.mutable_worker_version() = *state.worker_version;
  snapshot.set_worker_deployment_name(state.worker_deployment_name);
  if (state.deployment_use != nullptr) PutUse(*state.deployment_use, *snapshot.mutable_deployment_use());
  *snapshot.mutable_auto_reset_points() = *state.auto_reset_points;
  snapshot.set_close_attempted(state.close_attempted);
  const WorkflowTaskProblems& problems = state.workflow_task_problems;
  if (problems.count == 0) return;
  snapshot.mutable_workflow_task_problems()->set_count(problems.count);
  snapshot.mutable_workflow_task_problems()->set_timed_out(problems.timed_out);
  snapshot.mutable_workflow_task_problems()->set_cause(problems.cause);
}

void PutActivity(const Activity& activity, Snapshot::Activity& out) {
  *out.mutable_scheduled() = *activity.scheduled;
  out.set_attempt(activity.attempt);
  *out.mutable_scheduled_time() = ToProto(activity.scheduled_time);
  if (activity.started_time.has_value()) *out.mutable_started_time() = ToProto(*activity.started_time);
  out.set_started_event_id(activity.started_event_id);
  out.set_request_id(activity.request_id);
  out.set_identity(activity.identity);
  if (activity.last_heartbeat_time.has_value()) {
    *out.mutable_last_heartbeat_time() = ToProto(*activity.last_heartbeat_time);
  }
  if (activity.heartbeat_details != nullptr) *out.mutable_heartbeat_details() = *activity.heartbeat_details;
  out.set_cancel_requested_event_id(activity.cancel_requested_event_id);
  if (activity.last_failure != nullptr) *out.mutable_last_failure() = *activity.last_failure;
  out.set_last_worker_identity(activity.last_worker_identity);
  if (activity.last_attempt_complete_time.has_value()) {
    *out.mutable_last_attempt_complete_time() = ToProto(*activity.last_attempt_complete_time);
  }
  if (activity.last_deployment != nullptr) *out.mutable_last_deployment() = *activity.last_deployment;
}

void PutPending(const State& state, Snapshot& snapshot) {
  for (const EventPtr& event : *state.buffered) *snapshot.add_buffered() = *event;
  for (const auto& [id, activity] : *state.activities) PutActivity(*activity, *snapshot.add_activities());
  for (const auto& [timer_id, timer] : *state.timers) {
    auto* out = snapshot.add_timers();
    out->set_started_event_id(timer.started_event_id);
    out->set_timer_id(timer_id);
    *out->mutable_fires_at() = ToProto(timer.fires_at);
  }
}

void PutRequests(const State& state, Snapshot& snapshot) {
  snapshot.set_cancel_requested_event_id(state.cancel_requested_event_id);
  snapshot.set_cancel_request_id(state.cancel_request_id);
  snapshot.set_signal_count(state.signal_count);
  std::vector<std::string_view> signals(state.signal_request_ids->begin(), state.signal_request_ids->end());
  std::sort(signals.begin(), signals.end());
  for (std::string_view id : signals) snapshot.add_signal_request_ids(std::string(id));
  for (const auto& [request_id, event_id] : *state.start_request_ids) {
    auto* out = snapshot.add_start_request_ids();
    out->set_request_id(request_id);
    out->set_event_id(event_id);
  }
}

void PutUpdates(const State& state, Snapshot& snapshot) {
  for (const auto& [id, update] : *state.updates) {
    auto* out = snapshot.add_updates();
    out->set_update_id(id);
    out->set_admitted_event_id(update.admitted_event_id);
    out->set_accepted_event_id(update.accepted_event_id);
    out->set_completed_event_id(update.completed_event_id);
  }
}

void PutExternals(const absl::btree_map<int64_t, PendingExternal>& externals,
                  google::protobuf::RepeatedPtrField<Snapshot::External>& out) {
  for (const auto& [id, external] : externals) {
    Snapshot::External* next = out.Add();
    *next->mutable_initiated() = *external.initiated;
    next->set_request_id(std::string(external.request_id.View()));
  }
}

void PutMessages(const State& state, Snapshot& snapshot) {
  for (const auto& [id, child] : *state.children) {
    auto* out = snapshot.add_children();
    *out->mutable_initiated() = *child.initiated;
    out->set_run_id(std::string(child.run_id.View()));
    out->set_started(child.started);
    out->set_started_event_id(child.started_event_id);
    out->set_released(child.released);
  }
  PutExternals(*state.external_signals, *snapshot.mutable_external_signals());
  PutExternals(*state.external_cancels, *snapshot.mutable_external_cancels());
  for (const auto& [key, sender] : *state.inbox) *snapshot.add_inbox() = NewReceived(key, sender);
  if (HasParent(state)) {
    snapshot.set_parent_original_run_id(std::string(state.facts->parent_original_run_id.View()));
  }
  snapshot.set_unreleased(state.unreleased);
  snapshot.set_report_settled(state.report_settled);
}

void PutReset(const State& state, Snapshot& snapshot) {
  Put(state.deleted_at, &Snapshot::mutable_deleted_at, snapshot);
  if (state.reset_run_id != Uuid{}) snapshot.set_reset_run_id(std::string(state.reset_run_id.View()));
  snapshot.set_ended_by_reset(state.ended_by_reset);
  snapshot.set_handed_on_below(state.handed_on_below);
  snapshot.set_reset_request_id(state.reset_request_id);
  for (const EventOrigin& origin : state.facts->origins) {
    auto* out = snapshot.add_origins();
    out->set_below_event_id(origin.below_event_id);
    out->set_run_id(std::string(origin.run_id.View()));
  }
}

}  // namespace

std::string EncodeSnapshot(const State& state) {
  Snapshot snapshot;
  PutFacts(*state.facts, snapshot);
  PutExecution(state, snapshot);
  PutWorkflowTasks(state, snapshot);
  PutPending(state, snapshot);
  PutRequests(state, snapshot);
  PutUpdates(state, snapshot);
  PutMessages(state, snapshot);
  PutReset(state, snapshot);

  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);  // events hold maps
    snapshot.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace perdure::engine::workflow
