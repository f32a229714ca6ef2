#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "base/time.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

struct Timeout {
  absl::Time at;
  int64_t scheduled_event_id = 0;
  int order = 0;  // TimeoutOrder
  enums::TimeoutType type = enums::TIMEOUT_TYPE_UNSPECIFIED;
  int32_t attempt = 1;
};

// Calls `visit(type, deadline)` for each timeout that applies to the activity as it is now.
template <typename Visit>
void VisitDeadlines(const Activity& activity, const ActivityView& view, Visit visit) {
  VisitTimeouts(view, [&](enums::TimeoutType type, absl::Time at) {
    const bool of_the_start =
        type == enums::TIMEOUT_TYPE_START_TO_CLOSE || type == enums::TIMEOUT_TYPE_HEARTBEAT;
    visit(type, Deadline{at, of_the_start ? kAfterEvents : activity.scheduled->event_id()});
  });
}

// In order of time, then of event id, then of type: the real server's.
std::vector<Timeout> Due(const State& state, absl::Time now) {
  std::vector<Timeout> due;
  for (const auto& [id, pending] : *state.activities) {
    const ActivityView view = ViewOf(*pending);
    VisitTimeouts(view, [&, id = id](enums::TimeoutType type, absl::Time at) {
      if (at <= now) due.push_back({at, id, TimeoutOrder(view, type), type, view.attempt});
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
  Failure failure = AttemptTimeoutFailure(deadline.type);
  const ActivityView view = ViewOf(activity);
  const RetryDecision decision = DecideRetry(view, {failure, std::nullopt}, transition.now());
  const bool retried = decision.state == enums::RETRY_STATE_IN_PROGRESS;
  SayOf(transition, deadline.scheduled_event_id, ActivityTimedOut{deadline.type, retried});
  if (retried) {
    RetryActivity(transition, deadline.scheduled_event_id,
                  {.failure = std::move(failure), .next = decision.next});
    return std::nullopt;
  }
  // No time for another attempt: clients are told of the deadline that forbids it, not of the one that
  // passed.
  if (decision.state == enums::RETRY_STATE_TIMEOUT &&
      deadline.type != enums::TIMEOUT_TYPE_SCHEDULE_TO_START) {
    failure = NoTimeForRetryFailure();
  }
  TellWhatCameBefore(view, failure);
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

ActivityView ViewOf(const Activity& activity) {
  const ActivityTaskScheduledEventAttributes& options = Options(activity);
  return {.timeouts = {.schedule_to_close = FromProto(options.schedule_to_close_timeout()),
                       .schedule_to_start = FromProto(options.schedule_to_start_timeout()),
                       .start_to_close = FromProto(options.start_to_close_timeout()),
                       .heartbeat = FromProto(options.heartbeat_timeout())},
          .retry_policy = &options.retry_policy(),
          .begins = FromProto(activity.scheduled->event_time()),
          .dispatch_time = activity.scheduled_time,
          .started_time = activity.started_time,
          .last_heartbeat_time = activity.last_heartbeat_time,
          .attempt = activity.attempt,
          .cancel_requested = activity.cancel_requested_event_id != 0,
          .heartbeat_details = activity.heartbeat_details.get(),
          .last_failure = activity.last_failure.get()};
}

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
  ScheduleWorkflowTask(transition);
}

std::optional<Deadline> NextActivityTimeout(const State& state) {
  std::optional<Deadline> next;
  for (const auto& [id, activity] : *state.activities) {
    VisitDeadlines(*activity, ViewOf(*activity),
                   [&next](enums::TimeoutType, const Deadline& deadline) { TakeEarlier(deadline, next); });
  }
  return next;
}

}  // namespace perdure::engine::workflow
