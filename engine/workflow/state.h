// Mutable state of a workflow run: what its log folds to, and the volatile rest.
//
// Plain values, copied cheaply (Cow, shared immutable events). Only Apply (apply.h) and Transition change
// them. Not thread-safe. Units: event ids count from 1; sizes are bytes of serialized events.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "base/cow.h"
#include "base/ids.h"
#include "engine/message.h"
#include "engine/workflow/run/external_payloads.h"
#include "engine/workflow/updates/update_state.h"
#include "engine/workflow/workflow_tasks/task_state.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/deployment/v1/message.pb.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"
#include "temporal/api/failure/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"
#include "temporal/api/workflow/v1/message.pb.h"

namespace perdure::engine::workflow {

// Events before `below_event_id`, but for those of an origin before, were that run's.
struct EventOrigin {
  int64_t below_event_id = 0;
  Uuid run_id;
};

// Facts fixed at the start of the run. Shared, never changed.
struct RunFacts {
  Uuid namespace_id;
  std::string workflow_id;
  Uuid run_id;
  std::string request_id;
  EventPtr started;  // WorkflowExecutionStarted
  absl::Time start_time;
  Uuid parent_original_run_id;  // of a child; else zero
  // Of a run that begins as another did: whose events its first ones were, in order.
  std::vector<EventOrigin> origins;
};

struct Activity {
  EventPtr scheduled;  // ActivityTaskScheduled: type, input, timeouts, retry policy
  int32_t attempt = 1;
  absl::Time scheduled_time;  // of this attempt, its backoff included
  std::optional<absl::Time> started_time;
  int64_t started_event_id = 0;  // stays 0 under a retry policy until the activity closes
  std::string request_id;
  std::string identity;
  std::optional<absl::Time> last_heartbeat_time;
  std::shared_ptr<const temporal::api::common::v1::Payloads> heartbeat_details;  // null: none
  int64_t cancel_requested_event_id = 0;
  std::shared_ptr<const temporal::api::failure::v1::Failure> last_failure;  // of the attempt before
  std::string last_worker_identity;
  // Of an attempt that failed, not of one that timed out.
  std::optional<absl::Time> last_attempt_complete_time;
  // Of the last worker that was of one; null: none was.
  std::shared_ptr<const temporal::api::deployment::v1::WorkerDeploymentVersion> last_deployment;
};

struct Timer {
  int64_t started_event_id = 0;
  std::string timer_id;
  absl::Time fires_at;
};

// A child that was asked for and has not ended. Of a closed run: one that has not been told of the close.
struct PendingChild {
  EventPtr initiated;  // StartChildWorkflowExecutionInitiated
  Uuid run_id;         // minted here: the first run of the child's chain
  // A ChildWorkflowExecutionStarted is recorded; its id is 0 while it is buffered.
  bool started = false;
  int64_t started_event_id = 0;
  bool released = false;  // the child knows that
};

// A signal or cancel of another workflow without an outcome.
struct PendingExternal {
  EventPtr initiated;
  Uuid request_id;  // minted here
};

// A message that took effect on this run, as only its inbox tells.
struct InboxKey {
  Uuid origin;
  int64_t number = 0;
  friend auto operator<=>(const InboxKey&, const InboxKey&) = default;
};

struct StickyTaskQueue {
  std::string name;
  absl::Duration schedule_to_start_timeout;
};

// How the workflow tasks since the last completed one ended.
struct WorkflowTaskProblems {
  int32_t count = 0;
  // Of the last one that stands in the history.
  bool timed_out = false;
  temporal::api::enums::v1::WorkflowTaskFailedCause cause =
      temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_UNSPECIFIED;
};

// Which versions of worker deployments have completed workflow tasks of a run.
struct DeploymentUse {
  // Null until a completion tells how the workflow behaves when its deployment changes.
  std::shared_ptr<const temporal::api::workflow::v1::WorkflowExecutionVersioningInfo> info;
  // DEPLOYMENT:BUILD_ID, and the build ids that version stamps named: those used last, in order of first use.
  std::vector<std::string> versions;
  std::vector<std::string> stamped_build_ids;
};

struct State {
  Cow<RunFacts> facts;

  temporal::api::enums::v1::WorkflowExecutionStatus status =
      temporal::api::enums::v1::WORKFLOW_EXECUTION_STATUS_UNSPECIFIED;
  std::optional<absl::Time> close_time;
  std::optional<absl::Time> delete_after;

  int64_t next_event_id = 1;
  int64_t last_sequence = 0;  // of the last record folded: how many the run has had
  int64_t history_size_bytes = 0;
  ExternalPayloads external_payloads;  // of the history
  absl::Time last_event_time;          // Context::now is never before it
  EventPtr close_event;                // null while open

  // From WorkflowExecutionStarted, changed by WorkflowExecutionOptionsUpdated and upserts.
  std::string workflow_type;
  std::string task_queue;
  absl::Duration workflow_task_timeout;
  std::optional<absl::Time> run_expires_at;         // run timeout, start delay included
  std::optional<absl::Time> execution_expires_at;   // execution timeout
  std::optional<absl::Time> first_task_not_before;  // start delay: no workflow task is scheduled before it
  Cow<temporal::api::common::v1::Memo> memo;
  Cow<temporal::api::common::v1::SearchAttributes> search_attributes;

  // Volatile in part: what is, is hardened as a record of its own just before the run's next record (DESIGN,
  // section 3), or lost in a crash.
  WorkflowTaskState workflow_task;
  int32_t workflow_task_attempt = 1;      // of the next task to be scheduled
  int64_t previous_started_event_id = 0;  // of the last completed workflow task
  int64_t last_completed_event_id = 0;
  std::optional<StickyTaskQueue> sticky;
  // Volatile: it holds no longer, which comes with the run's next record (Transition::RideAlong).
  bool sticky_lost = false;
  std::string last_worker_identity;
  // What the worker of the last completed workflow task said about itself; null: nothing.
  std::shared_ptr<const temporal::api::common::v1::WorkerVersionStamp> worker_version;
  std::string worker_deployment_name;                   // of the same worker; empty: it named none
  std::shared_ptr<const DeploymentUse> deployment_use;  // null: no version has completed one
  Cow<temporal::api::workflow::v1::ResetPoints> auto_reset_points;
  // The last workflow task tried to close the run while events were buffered: while the next one runs,
  // signals are refused, so that the run can close.
  bool close_attempted = false;
  WorkflowTaskProblems workflow_task_problems;
  bool unsupported_said = false;  // volatile: somebody was told of a command that is not built

  // Events without ids, in order of arrival. What they do to the state is done when they arrive.
  Cow<std::vector<EventPtr>> buffered;
  // Events with smaller ids were buffered before. A position of the fold inside one record, without meaning
  // once next_event_id has reached it; not part of snapshots.
  int64_t flushed_through = 0;

  Cow<absl::btree_map<int64_t, std::shared_ptr<const Activity>>> activities;  // by scheduled event id
  Cow<absl::btree_map<std::string, int64_t>> activity_ids;
  Cow<absl::btree_map<std::string, Timer>> timers;  // by timer id

  Cow<absl::btree_map<int64_t, PendingChild>> children;             // by initiated event id
  Cow<absl::btree_map<int64_t, PendingExternal>> external_signals;  // the same
  Cow<absl::btree_map<int64_t, PendingExternal>> external_cancels;  // the same
  // With whom each came from. An entry goes when its sender has settled the message.
  Cow<absl::btree_map<InboxKey, EntityAddress>> inbox;
  // A child whose parent has not recorded its start: nothing gives it a workflow task.
  bool unreleased = false;
  // The parent of this closed run knows of its end.
  bool report_settled = false;
  // A client has deleted this closed run.
  std::optional<absl::Time> deleted_at;
  // The newest run that has begun as this one did; zero: none.
  Uuid reset_run_id;
  // It was ended for a run that begins as another one, or as this one, did.
  bool ended_by_reset = false;
  // By which this run was asked for, if it begins as another did.
  std::string reset_request_id;
  // Its children of events before this one are the new run's; 0: it has handed none on.
  int64_t handed_on_below = 0;
  // Volatile: settlements that come with the run's next record (Transition::RideAlong), and since when the
  // oldest release waits for one.
  Cow<absl::btree_set<int64_t>> riding_releases;
  Cow<absl::btree_set<InboxKey>> riding_drops;
  std::optional<absl::Time> riding_since;

  Cow<absl::btree_map<std::string, RecordedUpdate>> updates;  // by their ids
  size_t updates_in_flight = 0;                               // of these
  // Volatile: in the order in which they came; their ids are not among those recorded.
  Cow<std::vector<AdmittedUpdate>> admitted_updates;

  int64_t cancel_requested_event_id = 0;  // 0 also while that event is buffered
  std::string cancel_request_id;
  int64_t signal_count = 0;
  Cow<absl::flat_hash_set<std::string>> signal_request_ids;
  // Request ids that started or attached to this run, with the event that each made (0: still buffered).
  Cow<absl::btree_map<std::string, int64_t>> start_request_ids;

  bool IsOpen() const { return status == temporal::api::enums::v1::WORKFLOW_EXECUTION_STATUS_RUNNING; }
  bool CancelRequested() const {
    const auto requests_cancel = [](const EventPtr& event) {
      return event->has_workflow_execution_cancel_requested_event_attributes();
    };
    return cancel_requested_event_id != 0 || std::any_of(buffered->begin(), buffered->end(), requests_cancel);
  }
};

}  // namespace perdure::engine::workflow
