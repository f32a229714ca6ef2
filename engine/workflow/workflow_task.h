// What the requests about workflow tasks share.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/workflow/request.h"
#include "engine/workflow/transition.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"

namespace perdure::engine::workflow {

using temporal::api::enums::v1::WorkflowTaskFailedCause;

inline constexpr std::string_view kHistoryService = "history-service";

// Names one start of a workflow task in its token. It follows from the started event, so that the fold knows
// it, and contains the start's time, so that a start that a crash undid has another one than its repetition.
std::string StartNonce(const HistoryEvent& started);

// The running task that `token` names, or NOT_FOUND.
absl::StatusOr<const WorkflowTask*> FindRunningTask(const State& state,
                                                    const perdure::server::TaskToken& token);

// Hands the pending task to a worker as a soft start, and answers with it. REQUIRES: a pending task that does
// not run.
struct Starter {
  std::string request_id;
  std::string identity;
  bool sticky = false;  // polled from the sticky queue: the worker knows the history of the tasks before
  temporal::api::common::v1::WorkerVersionStamp version;
};
WorkflowTaskReply StartPendingTask(Transition& transition, const Starter& starter);
// The answer for the running task, as StartPendingTask gave it.
WorkflowTaskReply ReplyForRunningTask(const State& state, bool sticky);

// Ends the running task with WorkflowTaskFailed, or by a change alone when it is transient. The caller
// flushes the buffer or schedules the next task.
void FailRunningTask(Transition& transition,
                     const temporal::api::history::v1::WorkflowTaskFailedEventAttributes& why);
// Ends the running task with WorkflowTaskTimedOut (START_TO_CLOSE), or by a change alone when it is
// transient.
void TimeOutRunningTask(Transition& transition);

// The attempt number of the task after one that failed or timed out. A sticky failure does not count: the
// worker that held the cache may be gone, and the normal queue has not been tried.
int32_t AttemptAfterFailure(const State& state);

// The start-to-close timeout of an attempt: longer and longer after the third, with up to a fifth of jitter.
absl::Duration StartToCloseTimeout(const State& state, int32_t attempt, Random& random);

// "BadStartTimerAttributes" of WORKFLOW_TASK_FAILED_CAUSE_BAD_START_TIMER_ATTRIBUTES: as clients are told.
std::string CauseName(WorkflowTaskFailedCause cause);

// Called by FireTimers.
void FireWorkflowTaskTimeouts(Transition& transition);
std::optional<absl::Time> NextWorkflowTaskTimeout(const State& state);

}  // namespace perdure::engine::workflow
