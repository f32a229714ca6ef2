// What steps say of an activity to whoever counts or logs it, of a workflow's activity as of one on its own:
// a closed set, so that what is added must be counted or passed over by name. It is said where it is decided;
// nobody infers it from states. Plain values; safe anywhere.
#pragma once

#include <variant>

#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::engine {

struct ActivityScheduled {};
struct ActivityCompleted {};
struct ActivityCanceled {};
struct ActivityTerminated {};
// An attempt failed, by its worker's word or because what the worker sent was too large.
struct ActivityAttemptFailed {
  bool retried = false;  // false: the activity has failed with it
};
// A timeout of the attempt, of its wait for a worker, or of the whole activity has passed.
struct ActivityTimedOut {
  temporal::api::enums::v1::TimeoutType type = temporal::api::enums::v1::TIMEOUT_TYPE_UNSPECIFIED;
  bool retried = false;  // false: the activity has ended with it
};
using ActivityHappening = std::variant<ActivityScheduled, ActivityCompleted, ActivityCanceled,
                                       ActivityTerminated, ActivityAttemptFailed, ActivityTimedOut>;

}  // namespace perdure::engine
