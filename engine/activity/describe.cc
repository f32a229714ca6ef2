#include "base/time.h"
#include "engine/activity/activity.h"

namespace perdure::engine::activity {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::activity::v1::ActivityExecutionInfo;

enums::PendingActivityState RunState(const State& state) {
  switch (state.status()) {
    case ActivityControl::SCHEDULED:
      return enums::PENDING_ACTIVITY_STATE_SCHEDULED;
    case ActivityControl::STARTED:
      return enums::PENDING_ACTIVITY_STATE_STARTED;
    case ActivityControl::RESET_REQUESTED:
      // A worker is told of the reset by its heartbeats; clients have no word for it.
      return state.sections.control().reset_keeps_paused() ? enums::PENDING_ACTIVITY_STATE_PAUSE_REQUESTED
                                                           : enums::PENDING_ACTIVITY_STATE_STARTED;
    case ActivityControl::CANCEL_REQUESTED:
      return enums::PENDING_ACTIVITY_STATE_CANCEL_REQUESTED;
    case ActivityControl::PAUSED:
      return enums::PENDING_ACTIVITY_STATE_PAUSED;
    case ActivityControl::PAUSE_REQUESTED:
      return enums::PENDING_ACTIVITY_STATE_PAUSE_REQUESTED;
    default:
      return enums::PENDING_ACTIVITY_STATE_UNSPECIFIED;
  }
}

void FillOptions(const State& state, ActivityExecutionInfo& info) {
  const ActivityOptions& options = OptionsOf(state);
  info.set_task_queue(options.task_queue().name());
  *info.mutable_schedule_to_close_timeout() = options.schedule_to_close_timeout();
  *info.mutable_schedule_to_start_timeout() = options.schedule_to_start_timeout();
  *info.mutable_start_to_close_timeout() = options.start_to_close_timeout();
  *info.mutable_heartbeat_timeout() = options.heartbeat_timeout();
  *info.mutable_retry_policy() = options.retry_policy();
  if (options.has_priority()) *info.mutable_priority() = options.priority();
  if (options.has_start_delay()) *info.mutable_start_delay() = options.start_delay();
  const absl::Duration whole = FromProto(options.schedule_to_close_timeout());
  if (whole > absl::ZeroDuration()) {
    *info.mutable_expiration_time() = ToProto(FirstDispatchTime(state) + whole);
  }
  *info.mutable_execution_time() = ToProto(FirstDispatchTime(state));
}

void FillAttempt(const State& state, absl::Time now, ActivityExecutionInfo& info) {
  const ActivityAttempt& attempt = state.sections.attempt();
  info.set_attempt(attempt.number());
  if (attempt.has_started_time()) *info.mutable_last_started_time() = attempt.started_time();
  if (attempt.has_complete_time()) *info.mutable_last_attempt_complete_time() = attempt.complete_time();
  info.set_last_worker_identity(attempt.worker_identity());
  const bool waits = state.status() == ActivityControl::SCHEDULED && FromProto(attempt.dispatch_time()) > now;
  if (!waits) return;
  *info.mutable_next_attempt_schedule_time() = attempt.dispatch_time();
  if (attempt.has_retry_interval()) *info.mutable_current_retry_interval() = attempt.retry_interval();
}

void FillStart(const ActivityCreated& created, ActivityExecutionInfo& info) {
  info.set_activity_id(created.activity_id());
  info.mutable_activity_type()->set_name(created.activity_type());
  *info.mutable_schedule_time() = created.schedule_time();
  *info.mutable_search_attributes() = created.search_attributes();
  if (created.has_header()) *info.mutable_header() = created.header();
  if (created.has_user_metadata()) *info.mutable_user_metadata() = created.user_metadata();
}

void FillInfo(const State& state, absl::Time now, ActivityExecutionInfo& info) {
  FillStart(*state.created, info);
  info.set_run_id(RunIdOf(state).ToString());
  info.set_status(PublicStatus(state));
  info.set_run_state(RunState(state));
  FillOptions(state, info);
  FillAttempt(state, now, info);
  const ActivitySections& sections = state.sections;
  if (sections.heartbeat().has_time()) *info.mutable_last_heartbeat_time() = sections.heartbeat().time();
  info.set_total_heartbeat_count(sections.heartbeat().total_count());
  info.set_canceled_reason(sections.control().cancel().reason());
  *info.mutable_links() = sections.links().links();
  info.set_state_transition_count(state.last_sequence);
  info.set_state_size_bytes(
      static_cast<int64_t>(state.created->ByteSizeLong() + state.sections.ByteSizeLong()));
  if (!sections.has_end()) return;
  *info.mutable_close_time() = sections.end().close_time();
  *info.mutable_execution_duration() =
      ToProto(FromProto(sections.end().close_time()) - FromProto(state.created->schedule_time()));
}

}  // namespace

enums::ActivityExecutionStatus PublicStatus(const State& state) {
  switch (state.status()) {
    case ActivityControl::PAUSED:
      return enums::ACTIVITY_EXECUTION_STATUS_PAUSED;
    case ActivityControl::COMPLETED:
      return enums::ACTIVITY_EXECUTION_STATUS_COMPLETED;
    case ActivityControl::FAILED:
      return enums::ACTIVITY_EXECUTION_STATUS_FAILED;
    case ActivityControl::CANCELED:
      return enums::ACTIVITY_EXECUTION_STATUS_CANCELED;
    case ActivityControl::TERMINATED:
      return enums::ACTIVITY_EXECUTION_STATUS_TERMINATED;
    case ActivityControl::TIMED_OUT:
      return enums::ACTIVITY_EXECUTION_STATUS_TIMED_OUT;
    default:
      return enums::ACTIVITY_EXECUTION_STATUS_RUNNING;
  }
}

api::DescribeActivityExecutionResponse Describe(const State& state,
                                                const api::DescribeActivityExecutionRequest& request,
                                                absl::Time now) {
  api::DescribeActivityExecutionResponse response;
  response.set_run_id(RunIdOf(state).ToString());
  FillInfo(state, now, *response.mutable_info());
  const ActivityHeartbeatState& heartbeat = state.sections.heartbeat();
  if (request.include_heartbeat_details() && heartbeat.has_details()) {
    *response.mutable_info()->mutable_heartbeat_details() = heartbeat.details();
  }
  const ActivityFailure& failure = state.sections.failure();
  if (request.include_last_failure() && failure.has_failure()) {
    *response.mutable_info()->mutable_last_failure() = failure.failure();
  }
  if (request.include_input() && state.created->has_input()) {
    *response.mutable_input() = state.created->input();
  }
  if (request.include_outcome() && state.sections.has_end()) {
    *response.mutable_outcome() = state.sections.end().outcome();
  }
  return response;
}

std::optional<api::PollActivityExecutionResponse> OutcomeOf(const State& state) {
  if (!state.sections.has_end()) return std::nullopt;
  api::PollActivityExecutionResponse response;
  response.set_run_id(RunIdOf(state).ToString());
  *response.mutable_outcome() = state.sections.end().outcome();
  return response;
}

}  // namespace perdure::engine::activity
