// Calls that wait for a stage of an update: they are answered when it is reached, or after a while with the
// stage that is.
#pragma once

#include "absl/functional/any_invocable.h"
#include "server/frontend/frontend.h"

namespace perdure::server {

// Asks the run for `request` (an Update or a PollUpdate) until there is an answer for the call, and hands
// both to `answer`; errors are answered here, unless there is a `fail` for them.
using UpdateAnswer = absl::AnyInvocable<void(CallPtr, const engine::workflow::UpdateReply&)>;
using UpdateFailure = absl::AnyInvocable<void(CallPtr, absl::Status)>;
void WaitForUpdate(Frontend& frontend, CallPtr call, RunRef run, engine::workflow::Request request,
                   UpdateAnswer answer, UpdateFailure fail = nullptr);

}  // namespace perdure::server
