// The common step of the three polls: wait in matching until a task comes, the wait is over, or the client
// goes away.
#pragma once

#include <utility>

#include "server/frontend/frontend.h"

namespace perdure::server {

// `answer` is called with the call and what came, unless it was an error.
template <typename Answer>
void StartPoll(Frontend& frontend, CallPtr call, Poll poll, Answer answer) {
  Call& waiting = *call;
  // The hold outlives the handle that the answer takes away.
  const CallHold hold(waiting);
  const uint64_t id = frontend.matching.StartPoll(
      std::move(poll),
      [call = std::move(call), answer = std::move(answer)](absl::StatusOr<PolledTask> polled) mutable {
        if (!polled.ok()) return call->Fail(polled.status());
        answer(std::move(call), *std::move(polled));
      });
  waiting.OnCancelled([&matching = frontend.matching, id] { matching.CancelPoll(id); });
}

}  // namespace perdure::server
