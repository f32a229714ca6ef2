// How attempts follow each other: they are offered to workers, end, and are tried again.
#pragma once

#include <optional>
#include <string>

#include "engine/activity/step.h"
#include "temporal/api/common/v1/message.pb.h"

namespace perdure::engine::activity {

// `time`, or the end of the start delay while no worker has had the activity.
absl::Time NotBeforeStartDelay(const State& state, absl::Time time);

// When the next attempt comes by the interval after the one before; nullopt for a first one.
std::optional<absl::Time> RetryTime(const ActivityAttempt& attempt);

// The attempt waits for a worker from `dispatch_time` on: a new offer, so that older ones are stale.
void Offer(Step& step, absl::Time dispatch_time);

// Begins the attempts anew with the first, without any interval.
void RewindAttempts(Step& step);

void RestoreOptions(Step& step);
// What a new start of the attempts must not see; how many there were is still counted.
void ForgetHeartbeat(Step& step);

// An attempt failed, as its worker or the server says: retries the activity, pauses it, begins anew, or
// closes it.
struct FailedAttempt {
  std::optional<Failure> failure;  // the worker may give none
  std::string identity;
};
void FailAttempt(Step& step, FailedAttempt failed);

// The running attempt ends and `state` of a retry decides what follows; the activity stays open.
struct EndedAttempt {
  std::optional<Failure> failure;
  absl::Time next;  // when the next one comes; not read where a reset was asked for
  bool interval_by_worker = false;
};
void EndAttempt(Step& step, EndedAttempt ended);

}  // namespace perdure::engine::activity
