#include <memory>

#include "base/check.h"
#include "base/time.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/fold/apply.h"

namespace perdure::engine::workflow {
namespace {

using temporal::api::deployment::v1::WorkerDeploymentVersion;

// The activity to change, as this state's own copy; null when it is gone.
Activity* MutableActivity(State& state, int64_t scheduled_event_id) {
  auto& activities = state.activities.Mutable();
  auto found = activities.find(scheduled_event_id);
  if (found == activities.end()) return nullptr;
  auto copy = std::make_shared<Activity>(*found->second);
  Activity* activity = copy.get();
  found->second = std::move(copy);
  return activity;
}

Activity& PendingActivity(State& state, int64_t scheduled_event_id) {
  Activity* activity = MutableActivity(state, scheduled_event_id);
  PERDURE_CHECK(activity != nullptr, "a change of an activity that is not pending");
  return *activity;
}

// An end that was buffered removed the activity when it arrived; when it gets its id there is nothing left to
// do.
void RemoveActivity(State& state, int64_t scheduled_event_id) {
  const Activity* activity = FindActivity(state, scheduled_event_id);
  if (activity == nullptr) return;
  state.activity_ids.Mutable().erase(Options(*activity).activity_id());
  state.activities.Mutable().erase(scheduled_event_id);
}

void AddActivity(State& state, const EventPtr& event) {
  auto activity = std::make_shared<Activity>();
  activity->scheduled = event;
  activity->scheduled_time = FromProto(event->event_time());
  const std::string& activity_id = event->activity_task_scheduled_event_attributes().activity_id();
  // Where the row is gone in which its end was buffered, an activity is here whose id has been free since.
  if (const auto ended = state.activity_ids->find(activity_id); ended != state.activity_ids->end()) {
    RemoveActivity(state, ended->second);
  }
  state.activities.Mutable()[event->event_id()] = std::move(activity);
  state.activity_ids.Mutable()[activity_id] = event->event_id();
}

void ClearStart(Activity& activity) {
  activity.started_time = std::nullopt;
  activity.request_id.clear();
  activity.identity.clear();
}

}  // namespace

void fold::ActivityScheduled(State& state, const EventPtr& event) { AddActivity(state, event); }

void fold::ActivityStarted(State& state, const EventPtr& event) {
  const int64_t scheduled = event->activity_task_started_event_attributes().scheduled_event_id();
  Activity* activity = MutableActivity(state, scheduled);
  if (activity != nullptr) activity->started_event_id = event->event_id();
}

void fold::ActivityCompleted(State& state, const EventPtr& event) {
  RemoveActivity(state, event->activity_task_completed_event_attributes().scheduled_event_id());
}

void fold::ActivityFailed(State& state, const EventPtr& event) {
  RemoveActivity(state, event->activity_task_failed_event_attributes().scheduled_event_id());
}

void fold::ActivityTimedOut(State& state, const EventPtr& event) {
  RemoveActivity(state, event->activity_task_timed_out_event_attributes().scheduled_event_id());
}

void fold::ActivityCancelRequested(State& state, const EventPtr& event) {
  const int64_t scheduled = event->activity_task_cancel_requested_event_attributes().scheduled_event_id();
  Activity* activity = MutableActivity(state, scheduled);
  if (activity != nullptr) activity->cancel_requested_event_id = event->event_id();
}

void fold::ActivityCanceled(State& state, const EventPtr& event) {
  RemoveActivity(state, event->activity_task_canceled_event_attributes().scheduled_event_id());
}

void fold_change::ActivityStarted(State& state, const Change& change) {
  const auto& started = change.activity_started();
  Activity& activity = PendingActivity(state, started.scheduled_event_id());
  activity.attempt = started.attempt();
  activity.started_time = FromProto(started.started_time());
  activity.request_id = started.request_id();
  activity.identity = started.identity();
  if (started.has_deployment_version()) {
    activity.last_deployment = std::make_shared<const WorkerDeploymentVersion>(started.deployment_version());
  }
}

void fold_change::ActivityHeartbeat(State& state, const Change& change) {
  const auto& heartbeat = change.activity_heartbeat();
  Activity& activity = PendingActivity(state, heartbeat.scheduled_event_id());
  activity.last_heartbeat_time = FromProto(change.time());
  activity.heartbeat_details = nullptr;
  if (heartbeat.has_details()) {
    activity.heartbeat_details =
        std::make_shared<const temporal::api::common::v1::Payloads>(heartbeat.details());
  }
}

void fold_change::ActivityStartReturned(State& state, const Change& change) {
  ClearStart(PendingActivity(state, change.activity_start_returned().scheduled_event_id()));
}

void fold_change::ActivityRetry(State& state, const Change& change) {
  const auto& retry = change.activity_retry();
  Activity& activity = PendingActivity(state, retry.scheduled_event_id());
  activity.attempt = retry.attempt();
  activity.scheduled_time = FromProto(retry.scheduled_time());
  activity.last_failure =
      retry.has_last_failure() ? std::make_shared<const Failure>(retry.last_failure()) : nullptr;
  activity.last_worker_identity = activity.identity;
  if (retry.by_worker()) activity.last_attempt_complete_time = FromProto(change.time());
  if (retry.has_last_heartbeat_details()) {
    activity.last_heartbeat_time = FromProto(change.time());
    activity.heartbeat_details =
        std::make_shared<const temporal::api::common::v1::Payloads>(retry.last_heartbeat_details());
  }
  ClearStart(activity);
}

}  // namespace perdure::engine::workflow
