// Queries of a run. One that waits is a caller who waits (Context::waiters) and nothing else: it is in no
// record and in no state, and ends with its caller. What a step does for queries makes no event and no
// change.
//
// An answer shows what was acknowledged before the query was asked: while a workflow task is pending, there
// may be events that only this one shows, so the query waits, goes with the task to its worker, and is
// answered when that completes it; or it is dispatched by itself when none is pending any more, and at once
// where none was. A run that has not completed any workflow task has nothing that a worker could answer from:
// there its queries wait for the first one.
//
// Pure functions; safe from any thread on values of one's own. Errors as the real server's.
#pragma once

#include "engine/entity.h"
#include "engine/workflow/request.h"
#include "engine/workflow/transition.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::engine::workflow {

// The worker that gets `task` is asked what waits and has no answer.
void AttachQueries(const Transition& transition, WorkflowTaskReply& task);
// What a worker says to those that its task brought. What is neither an answer nor a failure is passed over,
// and so is what comes with an invalid command: the task's next attempt brings them again.
void AnswerQueries(Transition& transition, const api::RespondWorkflowTaskCompletedRequest& completion);
// At the end of each step of a run that is there already: lets go those that need not wait any more.
void ReleaseQueries(Transition& transition);

}  // namespace perdure::engine::workflow
