#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/text.h"
#include "base/time.h"
#include "engine/values/payload.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::workflow::v1::WorkflowExecutionConfig;
using temporal::api::workflow::v1::WorkflowExecutionExtendedInfo;
using temporal::api::workflow::v1::WorkflowExecutionInfo;

// In order of their first use.
using Words = std::vector<std::string>;

void AddWord(std::string word, Words& words) {
  if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
}

std::string VersionWord(const temporal::api::deployment::v1::WorkerDeploymentVersion& version) {
  return version.deployment_name() + ":" + version.build_id();
}

void FillConfig(const State& state, WorkflowExecutionConfig& config) {
  const auto& event = *state.facts->started;
  const auto& started = event.workflow_execution_started_event_attributes();
  config.mutable_task_queue()->set_name(state.task_queue);
  config.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  if (started.has_workflow_execution_timeout()) {
    *config.mutable_workflow_execution_timeout() = started.workflow_execution_timeout();
  }
  if (started.has_workflow_run_timeout()) {
    *config.mutable_workflow_run_timeout() = started.workflow_run_timeout();
  }
  *config.mutable_default_workflow_task_timeout() = ToProto(state.workflow_task_timeout);
  if (event.has_user_metadata()) *config.mutable_user_metadata() = event.user_metadata();
}

void FillInfo(const State& state, WorkflowExecutionInfo& info) {
  const RunFacts& facts = *state.facts;
  const auto& started = facts.started->workflow_execution_started_event_attributes();
  info.mutable_execution()->set_workflow_id(facts.workflow_id);
  info.mutable_execution()->set_run_id(facts.run_id.ToString());
  info.mutable_type()->set_name(state.workflow_type);
  *info.mutable_start_time() = ToProto(facts.start_time);
  *info.mutable_execution_time() = ToProto(state.first_task_not_before.value_or(facts.start_time));
  info.set_status(state.status);
  info.set_history_length(state.next_event_id - 1);
  info.set_history_size_bytes(state.history_size_bytes);
  info.set_state_transition_count(state.last_sequence);
  info.set_external_payload_count(state.external_payloads.count);
  info.set_external_payload_size_bytes(state.external_payloads.size_bytes);
  info.set_task_queue(state.task_queue);
  info.set_first_run_id(started.first_execution_run_id());
  *info.mutable_memo() = *state.memo;
  *info.mutable_search_attributes() = SearchAttributesOf(state);
  *info.mutable_auto_reset_points() = *state.auto_reset_points;
  if (state.worker_version != nullptr) {
    *info.mutable_most_recent_worker_version_stamp() = *state.worker_version;
  }
  info.set_worker_deployment_name(state.worker_deployment_name);
  if (state.deployment_use != nullptr && state.deployment_use->info != nullptr) {
    *info.mutable_versioning_info() = *state.deployment_use->info;
  }
  if (started.has_priority()) *info.mutable_priority() = started.priority();
  if (!state.IsOpen()) {
    *info.mutable_close_time() = ToProto(*state.close_time);
    *info.mutable_execution_duration() =
        ToProto(*state.close_time - state.first_task_not_before.value_or(facts.start_time));
  }
}

void FillExtended(const State& state, WorkflowExecutionExtendedInfo& info) {
  // The real server's form of "never".
  *info.mutable_run_expiration_time() = ToProto(state.run_expires_at.value_or(absl::InfinitePast()));
  if (state.execution_expires_at.has_value()) {
    *info.mutable_execution_expiration_time() = ToProto(*state.execution_expires_at);
  }
  info.set_cancel_requested(state.CancelRequested());
  *info.mutable_original_start_time() = state.facts->started->event_time();
  if (!state.facts->origins.empty()) *info.mutable_last_reset_time() = ToProto(state.facts->start_time);
  if (state.reset_run_id != Uuid{}) info.set_reset_run_id(state.reset_run_id.ToString());
  absl::flat_hash_set<int64_t> acceptances;
  for (const auto& [id, update] : *state.updates) acceptances.insert(update.accepted_event_id);
  for (const auto& [request_id, event_id] : *state.start_request_ids) {
    auto& request = (*info.mutable_request_id_infos())[request_id];
    request.set_event_type(
        request_id == state.facts->request_id ? enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
        : acceptances.contains(event_id)      ? enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
                                              : enums::EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED);
    request.set_event_id(event_id);
    request.set_buffered(event_id == 0);
  }
}

void FillWorkflowTask(const State& state, api::DescribeWorkflowExecutionResponse& response) {
  if (state.workflow_task.pending() == nullptr) return;
  const WorkflowTask& task = *state.workflow_task.pending();
  auto& pending = *response.mutable_pending_workflow_task();
  pending.set_state(task.IsRunning() ? enums::PENDING_WORKFLOW_TASK_STATE_STARTED
                                     : enums::PENDING_WORKFLOW_TASK_STATE_SCHEDULED);
  *pending.mutable_scheduled_time() = ToProto(task.scheduled_time);
  *pending.mutable_original_scheduled_time() =
      ToProto(task.original_scheduled_time.value_or(task.scheduled_time));
  if (task.started_time.has_value()) *pending.mutable_started_time() = ToProto(*task.started_time);
  pending.set_attempt(task.attempt);
}

// How the run is bound to a version, or that it is not, and what version stamps said.
Words BuildIds(const State& state) {
  const DeploymentUse* use = state.deployment_use.get();
  Words build_ids;
  if (use == nullptr || use->info == nullptr || !use->info->has_deployment_version()) {
    build_ids.emplace_back("unversioned");
  } else if (use->info->behavior() == enums::VERSIONING_BEHAVIOR_PINNED) {
    build_ids.push_back("pinned:" + VersionWord(use->info->deployment_version()));
  }
  if (use != nullptr) {
    for (const std::string& build_id : use->stamped_build_ids) AddWord("unversioned:" + build_id, build_ids);
    return build_ids;
  }
  for (const auto& point : state.auto_reset_points->points()) {
    if (!point.build_id().empty()) AddWord("unversioned:" + point.build_id(), build_ids);
  }
  return build_ids;
}

void AddDeployment(const DeploymentUse& use,
                   google::protobuf::Map<std::string, temporal::api::common::v1::Payload>& fields) {
  fields["TemporalUsedWorkerDeploymentVersions"] = KeywordListPayload(use.versions);
  if (use.info == nullptr || !use.info->has_deployment_version()) return;
  fields["TemporalWorkerDeploymentVersion"] = KeywordPayload(VersionWord(use.info->deployment_version()));
  fields["TemporalWorkflowVersioningBehavior"] =
      KeywordPayload(CamelCase(enums::VersioningBehavior_Name(use.info->behavior()), "VERSIONING_BEHAVIOR_"));
}

}  // namespace

temporal::api::common::v1::SearchAttributes SearchAttributesOf(const State& state) {
  temporal::api::common::v1::SearchAttributes attributes = *state.search_attributes;
  if (state.last_completed_event_id == 0) return attributes;
  // What the workers that completed its workflow tasks said about themselves.
  Words checksums;
  for (const auto& point : state.auto_reset_points->points()) {
    if (!point.binary_checksum().empty()) AddWord(point.binary_checksum(), checksums);
  }
  auto& fields = *attributes.mutable_indexed_fields();
  const Words build_ids = BuildIds(state);
  if (!build_ids.empty()) fields["BuildIds"] = KeywordListPayload(build_ids);
  if (state.deployment_use != nullptr) AddDeployment(*state.deployment_use, fields);
  if (!checksums.empty()) fields["BinaryChecksums"] = KeywordListPayload(checksums);
  if (!state.worker_deployment_name.empty()) {
    fields["TemporalWorkerDeployment"] = KeywordPayload(state.worker_deployment_name);
  }
  return attributes;
}

api::DescribeWorkflowExecutionResponse Describe(const State& state, absl::Time now) {
  api::DescribeWorkflowExecutionResponse response;
  FillConfig(state, *response.mutable_execution_config());
  FillInfo(state, *response.mutable_workflow_execution_info());
  FillExtended(state, *response.mutable_workflow_extended_info());
  FillWorkflowTask(state, response);
  DescribeActivities(state, now, response);
  DescribeFamily(state, response);
  return response;
}

}  // namespace perdure::engine::workflow
