// What the requests, commands and timers of activities share.
//
// The server fills a retry policy into every activity, so ActivityTaskStarted is written only when the
// activity closes (it would be wrong about the attempt before); until then the start is the change
// ActivityStarted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/activity_rules/activity_rules.h"
#include "engine/workflow/request.h"
#include "engine/workflow/state.h"
#include "engine/workflow/timers/deadline.h"
#include "engine/workflow/transition.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::engine::workflow {

using temporal::api::history::v1::ActivityTaskScheduledEventAttributes;

inline const ActivityTaskScheduledEventAttributes& Options(const Activity& activity) {
  return activity.scheduled->activity_task_scheduled_event_attributes();
}
inline bool IsStarted(const Activity& activity) { return activity.started_time.has_value(); }

// The activity as the rules see it that hold for all activities. Points into `activity`.
ActivityView ViewOf(const Activity& activity);

// Null when no such activity is pending.
const Activity* FindActivity(const State& state, int64_t scheduled_event_id);

// Who may be addressed. kStartedOrById: completing by id does not need a start.
enum class LookupMode { kStarted, kStartedOrById };

// The scheduled event id of the activity that a worker's or client's call is about (activity_lookup.cc).
absl::StatusOr<int64_t> LookUpActivity(const State& state, const perdure::server::TaskToken& token,
                                       LookupMode mode);

// Says of a pending activity what has happened to it. REQUIRES: it is pending.
inline void SayOf(Transition& transition, int64_t scheduled_event_id, ActivityHappening what) {
  transition.Say(OfActivity{FindActivity(transition.state(), scheduled_event_id)->scheduled, what});
}

// ---- start_activity_task.cc

// Starts an activity that waits for a worker. REQUIRES: it is pending and not started.
struct StarterOfActivity {
  std::string request_id;
  std::string identity;
  std::optional<temporal::api::deployment::v1::WorkerDeploymentVersion> deployment;
};
ActivityTaskReply StartActivityNow(Transition& transition, int64_t scheduled_event_id,
                                   const StarterOfActivity& starter);

// ---- activity_close.cc

// What only some closing calls know about the worker.
struct LateStart {
  const temporal::api::common::v1::WorkerVersionStamp* worker_version = nullptr;
  // Of whoever completes by id an activity that was never started: its start is made up.
  const std::string* made_up_identity = nullptr;
};

// Writes (or buffers) the ActivityTaskStarted of a started activity. A no-op when there is no start to write.
void EmitLateStart(Transition& transition, int64_t scheduled_event_id, const LateStart& late = {});

// Of the started event, to be named in the closing event: 0 when there is none, or when it is buffered.
int64_t StartedEventId(const State& state, int64_t scheduled_event_id);

// An attempt failed: retries it, or closes the activity with ActivityTaskFailed and wants a workflow task.
struct FailedAttempt {
  std::optional<Failure> failure;  // the worker may give none
  std::string identity;
  const temporal::api::common::v1::Payloads* last_heartbeat_details = nullptr;
  const temporal::api::common::v1::WorkerVersionStamp* worker_version = nullptr;
};
void FailAttempt(Transition& transition, int64_t scheduled_event_id, FailedAttempt failed);

// ---- activity_retry.cc

// Ends the attempt; the next one waits for `next`.
struct EndedAttempt {
  std::optional<Failure> failure;
  absl::Time next;
  const temporal::api::common::v1::Payloads* last_heartbeat_details = nullptr;
  bool by_worker = false;  // false: it timed out
};
void RetryActivity(Transition& transition, int64_t scheduled_event_id, EndedAttempt ended);

// ---- activity_timeouts.cc

void FireActivityTimeouts(Transition& transition);
std::optional<Deadline> NextActivityTimeout(const State& state);

// ---- describe_activities.cc

// Adds the pending activities.
void DescribeActivities(const State& state, absl::Time now, api::DescribeWorkflowExecutionResponse& response);

}  // namespace perdure::engine::workflow
