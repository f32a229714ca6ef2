#include "base/check.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/handle.h"

namespace perdure::engine::workflow {
namespace {

using temporal::api::common::v1::Priority;
using temporal::api::deployment::v1::WorkerDeploymentVersion;

const Priority* OrNull(bool is_set, const Priority& priority) { return is_set ? &priority : nullptr; }

// What the activity does not say about its priority follows from the run's.
void SetPriority(const State& state, const Activity& activity, api::PollActivityTaskQueueResponse& response) {
  const auto& started = state.facts->started->workflow_execution_started_event_attributes();
  const Priority* run = OrNull(started.has_priority(), started.priority());
  const Priority* own = OrNull(Options(activity).has_priority(), Options(activity).priority());
  if (run == nullptr && own == nullptr) return;
  Priority& merged = *response.mutable_priority();
  if (run != nullptr) merged = *run;
  if (own == nullptr) return;
  if (own->priority_key() != 0) merged.set_priority_key(own->priority_key());
  if (!own->fairness_key().empty()) merged.set_fairness_key(own->fairness_key());
  if (own->fairness_weight() != 0) merged.set_fairness_weight(own->fairness_weight());
}

void FillToken(const State& state, int64_t scheduled_event_id, perdure::server::TaskToken& token) {
  const Activity& activity = *FindActivity(state, scheduled_event_id);
  const RunFacts& facts = *state.facts;
  token.set_namespace_id(std::string(facts.namespace_id.View()));
  token.set_workflow_id(facts.workflow_id);
  token.set_run_id(std::string(facts.run_id.View()));
  token.set_scheduled_event_id(scheduled_event_id);
  token.set_attempt(activity.attempt);
  token.set_start_nonce(activity.request_id);
  token.set_activity_id(Options(activity).activity_id());
  token.set_workflow_type(state.workflow_type);
  token.set_activity_type(Options(activity).activity_type().name());
}

ActivityTaskReply ReplyForStarted(const State& state, const Context& context, int64_t scheduled_event_id) {
  const Activity& activity = *FindActivity(state, scheduled_event_id);
  const ActivityTaskScheduledEventAttributes& options = Options(activity);
  ActivityTaskReply reply;
  FillToken(state, scheduled_event_id, reply.token);
  api::PollActivityTaskQueueResponse& response = reply.response;
  response.set_workflow_namespace(context.settings.name);
  response.mutable_workflow_type()->set_name(state.workflow_type);
  response.mutable_workflow_execution()->set_workflow_id(state.facts->workflow_id);
  response.mutable_workflow_execution()->set_run_id(state.facts->run_id.ToString());
  *response.mutable_activity_type() = options.activity_type();
  response.set_activity_id(options.activity_id());
  if (options.has_header()) *response.mutable_header() = options.header();
  if (options.has_input()) *response.mutable_input() = options.input();
  if (activity.heartbeat_details != nullptr)
    *response.mutable_heartbeat_details() = *activity.heartbeat_details;
  *response.mutable_scheduled_time() = activity.scheduled->event_time();
  *response.mutable_current_attempt_scheduled_time() = ToProto(activity.scheduled_time);
  *response.mutable_started_time() = ToProto(*activity.started_time);
  response.set_attempt(activity.attempt);
  *response.mutable_schedule_to_close_timeout() = options.schedule_to_close_timeout();
  *response.mutable_start_to_close_timeout() = options.start_to_close_timeout();
  *response.mutable_heartbeat_timeout() = options.heartbeat_timeout();
  *response.mutable_retry_policy() = options.retry_policy();
  SetPriority(state, activity, response);
  return reply;
}

std::optional<WorkerDeploymentVersion> DeploymentOf(const api::PollActivityTaskQueueRequest& poll) {
  const auto& options = poll.deployment_options();
  if (options.worker_versioning_mode() != temporal::api::enums::v1::WORKER_VERSIONING_MODE_VERSIONED) {
    return std::nullopt;
  }
  WorkerDeploymentVersion version;
  version.set_deployment_name(options.deployment_name());
  version.set_build_id(options.build_id());
  return version;
}

}  // namespace

ActivityTaskReply StartActivityNow(Transition& transition, int64_t scheduled_event_id,
                                   const StarterOfActivity& starter) {
  const Activity* activity = FindActivity(transition.state(), scheduled_event_id);
  PERDURE_CHECK(activity != nullptr && !IsStarted(*activity), "only a waiting activity can be started");
  perdure::engine::Change change;
  auto* started = change.mutable_activity_started();
  started->set_scheduled_event_id(scheduled_event_id);
  started->set_attempt(activity->attempt);
  *started->mutable_started_time() = ToProto(transition.now());
  started->set_request_id(starter.request_id);
  started->set_identity(starter.identity);
  if (starter.deployment.has_value()) *started->mutable_deployment_version() = *starter.deployment;
  transition.Change(std::move(change));
  return ReplyForStarted(transition.state(), transition.context(), scheduled_event_id);
}

absl::StatusOr<Reply> Handle(Transition& transition, const StartActivityTask& request) {
  const State& state = transition.state();
  if (!state.IsOpen()) return NotFound("workflow execution already completed");
  const Activity* activity = FindActivity(state, request.scheduled_event_id);
  if (activity == nullptr || activity->attempt != request.attempt) {
    return NotFound("invalid activityID or activity already timed out or invoking workflow is completed");
  }
  if (!IsStarted(*activity)) {
    return StartActivityNow(transition, request.scheduled_event_id,
                            {.request_id = request.request_id,
                             .identity = request.identity,
                             .deployment = DeploymentOf(request.poll)});
  }
  // Matching repeats a start whose reply it lost.
  if (activity->request_id == request.request_id) {
    return ReplyForStarted(state, transition.context(), request.scheduled_event_id);
  }
  return NotFound("Activity task already started.");
}

}  // namespace perdure::engine::workflow
