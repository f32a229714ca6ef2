#include "base/time.h"
#include "engine/activity/activity.h"
#include "engine/activity/handle.h"
#include "engine/activity/kind_number.h"

namespace perdure::engine::activity {
namespace {

perdure::server::TaskToken TokenOf(const State& state) {
  const ActivityCreated& created = *state.created;
  const ActivityAttempt& attempt = state.sections.attempt();
  perdure::server::TaskToken token;
  token.set_namespace_id(created.namespace_id());
  token.set_run_id(created.run_id());
  token.set_scheduled_event_id(attempt.offer());
  token.set_attempt(attempt.number());
  token.set_start_nonce(attempt.poll_request_id());
  token.set_activity_id(created.activity_id());
  token.set_activity_type(created.activity_type());
  token.set_kind(kActivityKind);
  return token;
}

TaskReply ReplyForStarted(const State& state, const Context& context) {
  const ActivityCreated& created = *state.created;
  const ActivityAttempt& attempt = state.sections.attempt();
  const ActivityOptions& options = OptionsOf(state);
  TaskReply reply;
  reply.token = TokenOf(state);
  api::PollActivityTaskQueueResponse& response = reply.response;
  response.set_workflow_namespace(context.settings.name);
  response.mutable_workflow_execution();
  response.mutable_activity_type()->set_name(created.activity_type());
  response.set_activity_id(created.activity_id());
  response.set_activity_run_id(RunIdOf(state).ToString());
  if (created.has_header()) *response.mutable_header() = created.header();
  if (created.has_input()) *response.mutable_input() = created.input();
  const ActivityHeartbeatState& heartbeat = state.sections.heartbeat();
  if (heartbeat.has_details()) *response.mutable_heartbeat_details() = heartbeat.details();
  *response.mutable_scheduled_time() = created.schedule_time();
  *response.mutable_current_attempt_scheduled_time() = attempt.dispatch_time();
  *response.mutable_started_time() = attempt.started_time();
  response.set_attempt(attempt.number());
  *response.mutable_schedule_to_close_timeout() = options.schedule_to_close_timeout();
  *response.mutable_start_to_close_timeout() = options.start_to_close_timeout();
  *response.mutable_heartbeat_timeout() = options.heartbeat_timeout();
  *response.mutable_retry_policy() = options.retry_policy();
  if (options.has_priority()) *response.mutable_priority() = options.priority();
  return reply;
}

}  // namespace

absl::StatusOr<Reply> Handle(Step& step, const StartTask& request) {
  const State& state = step.state();
  // Matching repeats a start whose reply it lost.
  if (state.AttemptRuns() && state.sections.attempt().poll_request_id() == request.request_id) {
    return ReplyForStarted(state, step.context());
  }
  const ActivityAttempt& waiting = state.sections.attempt();
  const bool is_it = waiting.offer() == request.offer && waiting.number() == request.attempt;
  if (state.status() != ActivityControl::SCHEDULED || !is_it) {
    return ActivityNotFound(state.created->activity_id());
  }
  step.control().set_status(ActivityControl::STARTED);
  ActivityAttempt& attempt = step.attempt();
  *attempt.mutable_started_time() = ToProto(step.now());
  attempt.set_poll_request_id(request.request_id);
  attempt.set_worker_identity(request.identity);
  attempt.set_ever_started(true);
  return ReplyForStarted(step.state(), step.context());
}

}  // namespace perdure::engine::activity
