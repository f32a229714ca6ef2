#include "engine/activity_rules/activity_options.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "engine/values/durations.h"
#include "engine/values/retry_policy.h"
#include "engine/values/task_queue_rules.h"
#include "fmt/format.h"

namespace perdure::engine {
namespace {

using google::protobuf::Duration;
using temporal::api::activity::v1::ActivityOptions;
using temporal::api::common::v1::Priority;
using temporal::api::history::v1::ActivityTaskScheduledEventAttributes;

std::optional<std::string> CheckLength(std::string_view name, std::string_view value) {
  if (value.size() <= limits::kIdLength) return std::nullopt;
  return fmt::format("{} exceeds length limit. Length={} Limit={}", name, value.size(), limits::kIdLength);
}

std::optional<std::string> CheckTimeout(std::string_view name, Duration* timeout) {
  const auto wrong = ValidateAndCap(*timeout);
  if (!wrong.has_value()) return std::nullopt;
  return fmt::format("invalid {}: {}", name, *wrong);
}

template <typename Options>
std::optional<std::string> CheckTimeouts(Options& options) {
  if (auto wrong = CheckTimeout("ScheduleToCloseTimeout", options.mutable_schedule_to_close_timeout()))
    return wrong;
  if (auto wrong = CheckTimeout("ScheduleToStartTimeout", options.mutable_schedule_to_start_timeout()))
    return wrong;
  if (auto wrong = CheckTimeout("StartToCloseTimeout", options.mutable_start_to_close_timeout()))
    return wrong;
  return CheckTimeout("HeartbeatTimeout", options.mutable_heartbeat_timeout());
}

// Cut to `limit`, and set to it where `timeout` is not set.
absl::Duration OrLimit(absl::Duration timeout, absl::Duration limit) {
  return timeout > absl::ZeroDuration() ? std::min(timeout, limit) : limit;
}

// A limit of zero is none.
absl::Duration Cut(absl::Duration timeout, absl::Duration limit) {
  return limit > absl::ZeroDuration() ? std::min(timeout, limit) : timeout;
}

template <typename Options>
std::optional<std::string> FillTimeouts(const ActivityNames& names, absl::Duration run_timeout,
                                        Options& options) {
  absl::Duration schedule_to_close = FromProto(options.schedule_to_close_timeout());
  absl::Duration schedule_to_start = FromProto(options.schedule_to_start_timeout());
  absl::Duration start_to_close = FromProto(options.start_to_close_timeout());
  if (schedule_to_close > absl::ZeroDuration()) {
    schedule_to_start = OrLimit(schedule_to_start, schedule_to_close);
    start_to_close = OrLimit(start_to_close, schedule_to_close);
  } else if (start_to_close > absl::ZeroDuration()) {
    schedule_to_close = run_timeout;
    if (schedule_to_start == absl::ZeroDuration()) schedule_to_start = run_timeout;
  } else {
    return fmt::format(
        "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the activity. ActivityId={} "
        "ActivityType={}",
        Shown(names.id), Shown(names.type));
  }
  start_to_close = Cut(start_to_close, run_timeout);
  const absl::Duration heartbeat =
      std::min(Cut(FromProto(options.heartbeat_timeout()), run_timeout), start_to_close);
  *options.mutable_schedule_to_close_timeout() = ToProto(Cut(schedule_to_close, run_timeout));
  *options.mutable_schedule_to_start_timeout() = ToProto(Cut(schedule_to_start, run_timeout));
  *options.mutable_start_to_close_timeout() = ToProto(start_to_close);
  *options.mutable_heartbeat_timeout() = ToProto(heartbeat);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> CheckPriority(const Priority& priority) {
  if (priority.priority_key() < 0) return "priority key can't be negative";
  if (priority.fairness_key().size() > limits::kFairnessKey) return "fairness key length exceeds limit";
  if (priority.fairness_weight() < 0) return "must be greater than zero";
  return std::nullopt;
}

template <typename Options>
std::optional<std::string> CompleteActivityOptions(const ActivityNames& names, const RunLimits& run,
                                                   Options& options) {
  if (!options.has_task_queue()) return "taskQueue is not set";
  if (auto wrong = CheckTaskQueue(options.task_queue(), run.task_queue)) return wrong;
  if (options.task_queue().kind() == temporal::api::enums::v1::TASK_QUEUE_KIND_UNSPECIFIED) {
    options.mutable_task_queue()->set_kind(temporal::api::enums::v1::TASK_QUEUE_KIND_NORMAL);
  }
  if (names.id.empty()) return "activityId is not set";
  if (names.type.empty()) return "activityType is not set";
  FillDefaults(*options.mutable_retry_policy());
  if (auto wrong = ValidateAndCap(*options.mutable_retry_policy())) return wrong;
  if (auto wrong = CheckLength("activityId", names.id)) return wrong;
  if (auto wrong = CheckLength("activityType", names.type)) return wrong;
  if (auto wrong = CheckPriority(options.priority())) return "invalid priorities: " + *wrong;
  if (auto wrong = CheckTimeouts(options)) return wrong;
  return FillTimeouts(names, run.run_timeout, options);
}

template std::optional<std::string> CompleteActivityOptions(const ActivityNames& names, const RunLimits& run,
                                                            ActivityOptions& options);
template std::optional<std::string> CompleteActivityOptions(const ActivityNames& names, const RunLimits& run,
                                                            ActivityTaskScheduledEventAttributes& options);

std::optional<std::string> CompleteTimeouts(const ActivityNames& names, ActivityOptions& options) {
  if (auto wrong = CheckTimeouts(options)) return wrong;
  return FillTimeouts(names, absl::ZeroDuration(), options);
}

}  // namespace perdure::engine
