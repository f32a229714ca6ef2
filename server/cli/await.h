// Waiting for callbacks, on threads that are no executor's: at the program's start and end.
#pragma once

#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "base/executor.h"
#include "base/notification.h"

namespace perdure::server {

// Calls `start` with a callback and returns what that is called with.
template <typename T, typename Start>
absl::StatusOr<T> Await(Start start) {
  Notification done;
  absl::StatusOr<T> result = absl::UnknownError("");
  start([&](absl::StatusOr<T> value) {
    result = std::move(value);
    done.Notify();
  });
  done.WaitForNotification();
  return result;
}

// Calls `start` on `executor` with a callback, and returns what that is called with: for what lives there.
template <typename T, typename Start>
absl::StatusOr<T> AwaitOn(Executor& executor, Start start) {
  return Await<T>([&](auto done) {
    executor.Post([&start, done = std::move(done)]() mutable { start(std::move(done)); });
  });
}

}  // namespace perdure::server
