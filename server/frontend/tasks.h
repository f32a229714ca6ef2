// Replies that carry tasks for workers, and the requests that come back with their tokens.
// Safe on any thread.
#pragma once

#include "server/auth/token_seal.h"
#include "server/frontend/call.h"
#include "server/frontend/frontend.h"
#include "server/frontend/reply_bytes.h"
#include "server/workflows/workflow_history.h"

namespace perdure::server {

// A serialized PollWorkflowTaskQueueResponse, its history spliced in.
ReplyBytes WorkflowTaskBytes(const TokenSealer& tokens, engine::workflow::WorkflowTaskReply task);

// The same of a query that the worker answers by itself.
ReplyBytes QueryTaskBytes(const TokenSealer& tokens, PolledQuery query);

// The complete reply of a poll.
engine::workflow::api::PollActivityTaskQueueResponse ActivityTaskResponse(
    const TokenSealer& tokens, engine::workflow::ActivityTaskReply task);

// Before an answer that hands the activity out: where its client has gone away meanwhile, the activity waits
// for another worker instead of for its timeout. Asked for until history answers, for a minute at most; when
// this is refused, the timeout it is.
void ReturnIfClientIsGone(Call& call, Frontend& frontend, const TaskToken& token);

// The run that a token belongs to. REQUIRES: the token was opened, so it is ours.
RunRef RunOf(const TaskToken& token);

// A run as clients name it. REQUIRES: the execution passed ValidateExecution.
RunRef RunOf(const Uuid& namespace_id, const temporal::api::common::v1::WorkflowExecution& execution);

}  // namespace perdure::server
