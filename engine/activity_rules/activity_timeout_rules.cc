#include <string_view>
#include <tuple>

#include "engine/activity_rules/activity_rules.h"
#include "fmt/format.h"

namespace perdure::engine {
namespace {

namespace enums = temporal::api::enums::v1;

std::string_view NameOfTimeout(enums::TimeoutType type) {
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

}  // namespace

// In order of type, as the real server's; but that of the whole activity is first where it was started in the
// moment from which that counts, as in truth a start comes after.
int TimeoutOrder(const ActivityView& activity, enums::TimeoutType type) {
  const bool whole = type == enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE;
  return whole && activity.started_time == activity.begins ? 0 : type;
}

std::optional<ActivityTimeout> FirstTimeout(const ActivityView& activity) {
  std::optional<std::tuple<absl::Time, int, enums::TimeoutType>> first;
  VisitTimeouts(activity, [&](enums::TimeoutType type, absl::Time at) {
    const std::tuple candidate{at, TimeoutOrder(activity, type), type};
    if (!first.has_value() || candidate < *first) first = candidate;
  });
  if (!first.has_value()) return std::nullopt;
  return ActivityTimeout{std::get<2>(*first), std::get<0>(*first)};
}

Failure AttemptTimeoutFailure(enums::TimeoutType type) {
  return TimeoutFailure(fmt::format("activity {} timeout", NameOfTimeout(type)), type);
}

void TellWhatCameBefore(const ActivityView& activity, Failure& failure) {
  if (activity.heartbeat_details != nullptr) {
    *failure.mutable_timeout_failure_info()->mutable_last_heartbeat_details() = *activity.heartbeat_details;
  }
  if (activity.last_failure != nullptr) *failure.mutable_cause() = *activity.last_failure;
}

Failure NoTimeForRetryFailure() {
  return TimeoutFailure(
      "Not enough time to schedule next retry before activity ScheduleToClose timeout, giving up retrying",
      enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
}

}  // namespace perdure::engine
