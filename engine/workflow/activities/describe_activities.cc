#include "absl/strings/str_cat.h"
#include "base/time.h"
#include "engine/workflow/activities/activity.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::workflow::v1::PendingActivityInfo;

enums::PendingActivityState StateOf(const Activity& activity) {
  if (activity.cancel_requested_event_id != 0) return enums::PENDING_ACTIVITY_STATE_CANCEL_REQUESTED;
  return IsStarted(activity) ? enums::PENDING_ACTIVITY_STATE_STARTED
                             : enums::PENDING_ACTIVITY_STATE_SCHEDULED;
}

void FillAttempts(const Activity& activity, absl::Time now, PendingActivityInfo& info) {
  info.set_attempt(activity.attempt);
  if (activity.last_failure != nullptr) *info.mutable_last_failure() = *activity.last_failure;
  if (activity.last_attempt_complete_time.has_value()) {
    *info.mutable_last_attempt_complete_time() = ToProto(*activity.last_attempt_complete_time);
  }
  if (info.state() != enums::PENDING_ACTIVITY_STATE_SCHEDULED || activity.scheduled_time <= now) return;
  // The real server knows no complete time of an attempt that timed out, and then counts from 1970. So does
  // this.
  const absl::Time ended = activity.last_attempt_complete_time.value_or(absl::UnixEpoch());
  *info.mutable_next_attempt_schedule_time() = ToProto(activity.scheduled_time);
  *info.mutable_current_retry_interval() = ToProto(activity.scheduled_time - ended);
}

void FillOptions(const Activity& activity, PendingActivityInfo& info) {
  const ActivityTaskScheduledEventAttributes& scheduled = Options(activity);
  auto* options = info.mutable_activity_options();
  options->mutable_task_queue()->set_name(scheduled.task_queue().name());
  options->mutable_task_queue()->set_normal_name(scheduled.task_queue().name());
  *options->mutable_schedule_to_close_timeout() = scheduled.schedule_to_close_timeout();
  *options->mutable_schedule_to_start_timeout() = scheduled.schedule_to_start_timeout();
  *options->mutable_start_to_close_timeout() = scheduled.start_to_close_timeout();
  *options->mutable_heartbeat_timeout() = scheduled.heartbeat_timeout();
  *options->mutable_retry_policy() = scheduled.retry_policy();
  options->mutable_retry_policy()->clear_non_retryable_error_types();
  if (scheduled.has_priority()) *options->mutable_priority() = scheduled.priority();
}

void FillInfo(const Activity& activity, absl::Time now, PendingActivityInfo& info) {
  const ActivityTaskScheduledEventAttributes& scheduled = Options(activity);
  info.set_activity_id(scheduled.activity_id());
  *info.mutable_activity_type() = scheduled.activity_type();
  info.set_state(StateOf(activity));
  FillAttempts(activity, now, info);
  if (activity.last_heartbeat_time.has_value()) {
    *info.mutable_last_heartbeat_time() = ToProto(*activity.last_heartbeat_time);
    if (activity.heartbeat_details != nullptr)
      *info.mutable_heartbeat_details() = *activity.heartbeat_details;
  }
  *info.mutable_scheduled_time() = ToProto(activity.scheduled_time);
  if (activity.started_time.has_value()) *info.mutable_last_started_time() = ToProto(*activity.started_time);
  info.set_last_worker_identity(IsStarted(activity) ? activity.identity : activity.last_worker_identity);
  if (activity.last_deployment != nullptr) {
    const auto& version = *activity.last_deployment;
    info.set_last_worker_deployment_version(absl::StrCat(version.deployment_name(), ".", version.build_id()));
    *info.mutable_last_deployment_version() = version;
  }
  info.set_maximum_attempts(scheduled.retry_policy().maximum_attempts());
  const absl::Duration schedule_to_close = FromProto(scheduled.schedule_to_close_timeout());
  if (schedule_to_close > absl::ZeroDuration()) {
    *info.mutable_expiration_time() =
        ToProto(FromProto(activity.scheduled->event_time()) + schedule_to_close);
  }
  if (scheduled.has_priority()) *info.mutable_priority() = scheduled.priority();
  FillOptions(activity, info);
}

}  // namespace

void DescribeActivities(const State& state, absl::Time now,
                        api::DescribeWorkflowExecutionResponse& response) {
  for (const auto& [id, activity] : *state.activities)
    FillInfo(*activity, now, *response.add_pending_activities());
}

}  // namespace perdure::engine::workflow
