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

struct Timeout {
  absl::Time at;
  int64_t scheduled_event_id = 0;
  // Among timeouts of one moment: 0 for schedule-to-close when the activity was started in the step that
  // scheduled it, as a start comes after (Deadline::since); else the number of the type.
  int order = 0;
  enums::TimeoutType type = enums::TIMEOUT_TYPE_UNSPECIFIED;
  int32_t attempt = 1;
};

int OrderOf(const Activity& activity, enums::TimeoutType type) {
  const bool whole = type == enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE;
  const bool at_once = activity.started_time == FromProto(activity.scheduled->event_time());
  return whole && at_once ? 0 : type;
}

// Calls `visit(type, deadline)` for each timeout that applies to the activity as it is now.
template <typename Visit>
void VisitDeadlines(const Activity& activity, Visit visit) {
  const ActivityTaskScheduledEventAttributes& options = Options(activity);
  const auto from = [&](enums::TimeoutType type, absl::Time begin,
                        const google::protobuf::Duration& timeout) {
    const bool of_the_start =
        type == enums::TIMEOUT_TYPE_START_TO_CLOSE || type == enums::TIMEOUT_TYPE_HEARTBEAT;
    const absl::Duration duration = FromProto(timeout);
    if (duration <= absl::ZeroDuration()) return;
    visit(type, Deadline{begin + duration, of_the_start ? kAfterEvents : activity.scheduled->event_id()});
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

// In order of time, then of event id, then of type: the real server's.
std::vector<Timeout> Due(const State& state, absl::Time now) {
  std::vector<Timeout> due;
  for (const auto& [id, pending] : *state.activities) {
    const Activity& activity = *pending;
    VisitDeadlines(activity, [&, id = id](enums::TimeoutType type, const Deadline& deadline) {
      if (deadline.at > now) return;
      due.push_back({deadline.at, id, OrderOf(activity, type), type, activity.attempt});
    });
  }
  std::sort(due.begin(), due.end(), [](const Timeout& a, const Timeout& b) {
    return std::tie(a.at, a.scheduled_event_id, a.order) < std::tie(b.at, b.scheduled_event_id, b.order);
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
std::optional<TimedOut> TimeOutAttempt(Transition& transition, const Timeout& deadline) {
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
  for (const Timeout& deadline : Due(transition.state(), transition.now())) {
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
  std::optional<std::tuple<absl::Time, int, enums::TimeoutType>> first;
  VisitDeadlines(activity, [&](enums::TimeoutType type, const Deadline& deadline) {
    const std::tuple candidate{deadline.at, OrderOf(activity, type), type};
    if (!first.has_value() || candidate < *first) first = candidate;
  });
  return first.has_value() ? std::get<enums::TimeoutType>(*first) : enums::TIMEOUT_TYPE_UNSPECIFIED;
}

std::optional<Deadline> NextActivityTimeout(const State& state) {
  std::optional<Deadline> next;
  for (const auto& [id, activity] : *state.activities) {
    VisitDeadlines(*activity,
                   [&next](enums::TimeoutType, const Deadline& deadline) { TakeEarlier(deadline, next); });
  }
  return next;
}

}  // namespace perdure::engine::workflow
