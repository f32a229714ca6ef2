#include "engine/workflow/workflow_tasks/completed_event.h"

#include <utility>

#include "temporal/api/deployment/v1/message.pb.h"
#include "temporal/api/enums/v1/deployment.pb.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using CompletedRequest = api::RespondWorkflowTaskCompletedRequest;
using temporal::api::deployment::v1::WorkerDeploymentVersion;

// The worker's version, in the form of today or in the one before.
WorkerDeploymentVersion DeploymentOf(const CompletedRequest& request) {
  const bool versioned = IsVersioned(request);
  const auto& options = request.deployment_options();
  WorkerDeploymentVersion version;
  version.set_deployment_name(versioned ? options.deployment_name() : request.deployment().series_name());
  version.set_build_id(versioned ? options.build_id() : request.deployment().build_id());
  return version;
}

// What workers of no version say about it does not count.
enums::VersioningBehavior BehaviorOf(const CompletedRequest& request) {
  return request.has_deployment_options() && !IsVersioned(request) ? enums::VERSIONING_BEHAVIOR_UNSPECIFIED
                                                                   : request.versioning_behavior();
}

}  // namespace

bool IsVersioned(const CompletedRequest& request) {
  return request.deployment_options().worker_versioning_mode() == enums::WORKER_VERSIONING_MODE_VERSIONED;
}

void FillCompleted(const WorkflowTask& task, const CompletedRequest& request,
                   temporal::api::history::v1::WorkflowTaskCompletedEventAttributes& completed) {
  completed.set_scheduled_event_id(task.scheduled_event_id);
  completed.set_started_event_id(task.started_event_id);
  completed.set_identity(request.identity());
  completed.set_binary_checksum(request.binary_checksum());
  if (request.has_worker_version_stamp())
    *completed.mutable_worker_version() = request.worker_version_stamp();
  if (request.has_sdk_metadata()) *completed.mutable_sdk_metadata() = request.sdk_metadata();
  if (request.has_metering_metadata()) *completed.mutable_metering_metadata() = request.metering_metadata();
  const auto& options = request.deployment_options();
  completed.set_worker_deployment_name(
      !options.deployment_name().empty() ? options.deployment_name() : request.deployment().series_name());
  completed.set_versioning_behavior(BehaviorOf(request));
  WorkerDeploymentVersion version = DeploymentOf(request);
  if (version.deployment_name().empty() || version.build_id().empty()) return;
  *completed.mutable_deployment_version() = std::move(version);
}

}  // namespace perdure::engine::workflow
