#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "base/time.h"
#include "engine/workflow/activity.h"
#include "engine/workflow/first_timeout.h"
#include "fmt/format.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

struct Deadline {
  absl::Time at;
  int64_t scheduled_event_id = 0;
  enums::TimeoutType type = enums::TIMEOUT_TYPE_UNSPECIFIED;
  int32_t attempt = 1;
};

// Calls `visit(type, at)` for each timeout that applies to the activity as it is now.
template <typename Visit>
void VisitDeadlines(const Activity& activity, Visit visit) {
  const ActivityTaskScheduledEventAttributes& options = Options(activity);
  const auto from = [&visit](enums::TimeoutType type, absl::Time begin,
                             const google::protobuf::Duration& timeout) {
    const absl::Duration duration = FromProto(timeout);
    if (duration > absl::ZeroDuration()) visit(type, begin + duration);
  };
  from(enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, FromProto(activity.scheduled->event_time()),
       options.schedule_to_close_timeout());
  if (!IsStarted(activity)) {
    from(enums::TIMEOUT_TYPE_SCHEDULE_TO_START, activity.scheduled_time, options.schedule_to_start_timeout());
    return;
  }
  const absl::Time started = *activity.started_time;
  from(enums::TIMEOUT_TYPE_START_TO_CLOSE, started, options.start_to_close_timeout());
  from(enums::TIMEOUT_TYPE_HEARTBEAT, std::max(started, activity.last_heartbeat_time.value_or(started)),
       options.heartbeat_timeout());
}

std::string_view Name(enums::TimeoutType type) {
  switch (type) {
    case enums::TIMEOUT_TYPE_START_TO_CLOSE:
      return "StartToClose";
    case enums::TIMEOUT_TYPE_SCHEDULE_TO_START:
      return "ScheduleToStart";
    case enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE:
      return "ScheduleToClose";
    case enums::TIMEOUT_TYPE_HEARTBEAT:
      return "Heartbeat";
    default:
      return "Unspecified";
  }
}

// In order of time, then of event id, then of type.
std::vector<Deadline> Due(const State& state, absl::Time now) {
  std::vector<Deadline> due;
  for (const auto& [id, activity] : *state.activities) {
    VisitDeadlines(*activity,
                   [&, id = id, attempt = activity->attempt](enums::TimeoutType type, absl::Time at) {
                     if (at <= now) due.push_back({at, id, type, attempt});
                   });
  }
  std::sort(due.begin(), due.end(), [](const Deadline& a, const Deadline& b) {
    return std::tie(a.at, a.scheduled_event_id, a.type) < std::tie(b.at, b.scheduled_event_id, b.type);
  });
  return due;
}

// An activity that the timeout closes.
struct TimedOut {
  int64_t scheduled_event_id = 0;
  Failure failure;
  enums::RetryState retry_state;
};

// Retries the attempt, or says how the activity ends.
std::optional<TimedOut> TimeOutAttempt(Transition& transition, const Deadline& deadline) {
  const Activity& activity = *FindActivity(transition.state(), deadline.scheduled_event_id);
  Failure failure = TimeoutFailure(fmt::format("activity {} timeout", Name(deadline.type)), deadline.type);
  const RetryDecision decision = DecideRetry(activity, failure, transition.now());
  if (decision.state == enums::RETRY_STATE_IN_PROGRESS) {
    RetryActivity(transition, deadline.scheduled_event_id,
                  {.failure = std::move(failure), .next = decision.next});
    return std::nullopt;
  }
  // No time for another attempt: clients are told of the deadline that forbids it, not of the one that
  // passed.
  if (decision.state == enums::RETRY_STATE_TIMEOUT &&
      deadline.type != enums::TIMEOUT_TYPE_SCHEDULE_TO_START) {
    failure = TimeoutFailure(
        "Not enough time to schedule next retry before activity ScheduleToClose timeout, giving up retrying",
        enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
  }
  if (activity.heartbeat_details != nullptr) {
    *failure.mutable_timeout_failure_info()->mutable_last_heartbeat_details() = *activity.heartbeat_details;
  }
  if (activity.last_failure != nullptr) *failure.mutable_cause() = *activity.last_failure;
  return TimedOut{deadline.scheduled_event_id, std::move(failure), decision.state};
}

void EmitTimedOut(Transition& transition, TimedOut timed_out) {
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT);
  auto* attributes = event.mutable_activity_task_timed_out_event_attributes();
  *attributes->mutable_failure() = std::move(timed_out.failure);
  attributes->set_scheduled_event_id(timed_out.scheduled_event_id);
  attributes->set_started_event_id(StartedEventId(transition.state(), timed_out.scheduled_event_id));
  attributes->set_retry_state(timed_out.retry_state);
  transition.EmitOrBuffer(std::move(event));
}

}  // namespace

void FireActivityTimeouts(Transition& transition) {
  std::vector<TimedOut> ends;
  for (const Deadline& deadline : Due(transition.state(), transition.now())) {
    const bool ended = std::any_of(ends.begin(), ends.end(), [&](const TimedOut& end) {
      return end.scheduled_event_id == deadline.scheduled_event_id;
    });
    // An earlier timeout has ended the activity, or this attempt of it.
    if (ended || FindActivity(transition.state(), deadline.scheduled_event_id)->attempt != deadline.attempt)
      continue;
    std::optional<TimedOut> end = TimeOutAttempt(transition, deadline);
    if (!end.has_value()) continue;
    EmitLateStart(transition, deadline.scheduled_event_id);
    ends.push_back(*std::move(end));
  }
  if (ends.empty()) return;
  // As the real server orders events of one step: ends come after everything else.
  for (TimedOut& end : ends) EmitTimedOut(transition, std::move(end));
  transition.ScheduleWorkflowTask();
}

enums::TimeoutType FirstTimeout(const Activity& activity) {
  std::optional<std::pair<absl::Time, enums::TimeoutType>> first;
  VisitDeadlines(activity, [&first](enums::TimeoutType type, absl::Time at) {
    const std::pair deadline{at, type};
    if (!first.has_value() || deadline < *first) first = deadline;
  });
  return first.has_value() ? first->second : enums::TIMEOUT_TYPE_UNSPECIFIED;
}

std::optional<absl::Time> NextActivityTimeout(const State& state) {
  std::optional<absl::Time> next;
  for (const auto& [id, activity] : *state.activities) {
    VisitDeadlines(*activity, [&next](enums::TimeoutType, absl::Time at) {
      if (!next.has_value() || at < *next) next = at;
    });
  }
  return next;
}

}  // namespace perdure::engine::workflow
