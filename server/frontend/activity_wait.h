// The common step of the long polls on an activity: the call waits until something has come about, its time
// is up, or its client is gone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/limits.h"
#include "server/frontend/frontend.h"

namespace perdure::server {

// `wait(max_wait, done)` begins the wait in history and returns its id; `answer(call, value)` is called with
// what came, a T, unless it was an error.
template <typename T, typename Wait, typename Answer>
void WaitParked(Frontend& frontend, CallPtr call, const Wait& wait, Answer answer) {
  // An empty answer must reach the client before it gives up.
  const absl::Duration left = call->TimeLeft().value_or(limits::kHistoryLongPoll) - limits::kLongPollTail;
  const absl::Duration max_wait = std::clamp(left, absl::ZeroDuration(), limits::kHistoryLongPoll);
  const uint64_t ticket = frontend.parked.Park(std::move(call));
  const uint64_t id =
      wait(max_wait, [&frontend, ticket, answer = std::move(answer)](absl::StatusOr<T> value) mutable {
        CallPtr parked = frontend.parked.Take(ticket);
        if (parked == nullptr) return;  // the client is gone, or the server stops
        if (!value.ok()) return parked->Fail(value.status());
        answer(std::move(parked), *std::move(value));
      });
  frontend.parked.WhenGone(ticket, [&history = frontend.history, id] { history.CancelWait(id); });
}

}  // namespace perdure::server
