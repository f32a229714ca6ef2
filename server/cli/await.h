// Waiting for callbacks, on threads that are no executor's: at the program's start and end.
#pragma once

#include <optional>
#include <utility>

#include "absl/status/statusor.h"
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

}  // namespace perdure::server
