// WorkflowTaskCompleted: what a worker says of itself with its answer is kept there.
#pragma once

#include "engine/workflow/request.h"
#include "engine/workflow/workflow_tasks/task_state.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine::workflow {

// The worker is of a version of its deployment.
bool IsVersioned(const api::RespondWorkflowTaskCompletedRequest& request);

void FillCompleted(const WorkflowTask& task, const api::RespondWorkflowTaskCompletedRequest& request,
                   temporal::api::history::v1::WorkflowTaskCompletedEventAttributes& completed);

}  // namespace perdure::engine::workflow
