// What the requests about workflow tasks share.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/workflow/request.h"
#include "engine/workflow/timers/deadline.h"
#include "engine/workflow/transition.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine::workflow {

using temporal::api::history::v1::WorkflowTaskFailedEventAttributes;

inline constexpr std::string_view kHistoryService = "history-service";

// Names one start of a workflow task in its token. It follows from the started event, so that the fold knows
// it, and contains the start's time, so that a start that a crash undid has another one than its repetition.
std::string StartNonce(const HistoryEvent& started);

// The running task that `token` names, or NOT_FOUND.
absl::StatusOr<const WorkflowTask*> FindRunningTask(const State& state,
                                                    const perdure::server::TaskToken& token);

// Hands the pending task to a worker as a soft start, and answers with it. REQUIRES: a pending task that does
// not run. `partial_history`: the worker has the history up to its last task, and gets only what came since.
struct Starter {
  std::string request_id;
  std::string identity;
  temporal::api::common::v1::WorkerVersionStamp version;
  // The worker is still busy with the updates that it has.
  bool new_updates_only = false;
};
WorkflowTaskReply StartPendingTask(Transition& transition, const Starter& starter, bool partial_history);
// The answer for the running task, as StartPendingTask gave it.
WorkflowTaskReply ReplyForRunningTask(const State& state, bool partial_history);

// WorkflowTaskScheduled for the queue where the run's tasks go now.
HistoryEvent NewWorkflowTaskScheduled(const State& state, absl::Time at, int32_t attempt,
                                      absl::Duration timeout);
// As a worker or reader sees it of a task that is ahead of the log.
HistoryEvent ScheduledEventOf(const State& state, const WorkflowTask& task);

// Wants a workflow task unless one is pending, or the run is closed or a child that waits for its parent:
// flushes the buffer and writes WorkflowTaskScheduled, or on attempt 2 and later that a transient task waits.
// `heartbeats_since`: when the chain of heartbeats began that the task continues. schedule_workflow_task.cc
void ScheduleWorkflowTask(Transition& transition, std::optional<absl::Time> heartbeats_since = std::nullopt);

// Wants a workflow task of which no event tells unless it must (task_state.h), where ScheduleWorkflowTask
// would want one. speculative_task.cc
void ScheduleSpeculativeTask(Transition& transition);

// Ends the running task with WorkflowTaskFailed, or by a change alone when it is transient. `why` needs no
// ids. The caller flushes the buffer or schedules the next task.
void FailRunningTask(Transition& transition, WorkflowTaskFailedEventAttributes why);
// Ends the running task with WorkflowTaskTimedOut (START_TO_CLOSE), or by a change alone when it is
// transient. The caller says which timeout it was.
void TimeOutRunningTask(Transition& transition);

// The next tasks go to the run's own queue. reset_sticky.cc
void ClearSticky(Transition& transition);

// The attempt number of the task after one that failed or timed out. A sticky failure does not count: the
// worker that held the cache may be gone, and the normal queue has not been tried.
int32_t AttemptAfterFailure(const State& state);

// The start-to-close timeout of an attempt: longer and longer after the third, with up to a fifth of jitter.
absl::Duration StartToCloseTimeout(const State& state, int32_t attempt, Random& random);

// Called by FireTimers. workflow_task_timeouts.cc
void FireWorkflowTaskTimeouts(Transition& transition);
std::optional<Deadline> NextWorkflowTaskTimeout(const State& state);

}  // namespace perdure::engine::workflow
