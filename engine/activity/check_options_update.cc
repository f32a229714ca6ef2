#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/activity/activity.h"
#include "engine/activity/options_paths.h"
#include "engine/activity_rules/activity_options.h"
#include "engine/values/durations.h"
#include "engine/values/task_queue_rules.h"

namespace perdure::engine::activity {
namespace {

using google::protobuf::FieldMask;
using OptionsRequest = api::UpdateActivityExecutionOptionsRequest;
using Wrong = std::optional<std::string>;

Wrong WrongMask(const OptionsRequest& request) {
  if (!request.has_activity_options()) return "ActivityOptions are not provided";
  if (!request.has_update_mask()) return "UpdateMask is not provided";
  if (request.update_mask().paths().empty()) return "UpdateMask must specify at least one path";
  for (const std::string& path : request.update_mask().paths()) {
    if (!IsOptionPath(path)) return absl::StrCat("unsupported update_mask path: \"", Shown(path), "\"");
  }
  return std::nullopt;
}

Wrong WrongTimeout(const char* name, google::protobuf::Duration timeout) {
  const auto wrong = ValidateAndCap(timeout);
  if (!wrong.has_value()) return std::nullopt;
  return absl::StrCat("invalid ", name, ": ", std::string(*wrong));
}

// The mask's timeouts alone.
Wrong WrongTimeouts(const FieldMask& mask, const ActivityOptions& options) {
  ActivityOptions changed;
  (void)CopyOptions(mask, options, changed);
  if (auto wrong = WrongTimeout("ScheduleToCloseTimeout", changed.schedule_to_close_timeout())) return wrong;
  if (auto wrong = WrongTimeout("ScheduleToStartTimeout", changed.schedule_to_start_timeout())) return wrong;
  if (auto wrong = WrongTimeout("StartToCloseTimeout", changed.start_to_close_timeout())) return wrong;
  return WrongTimeout("HeartbeatTimeout", changed.heartbeat_timeout());
}

Wrong WrongPriority(const FieldMask& mask, const ActivityOptions& options) {
  if (!HasPathWithin(mask, "priority")) return std::nullopt;
  ActivityOptions changed;
  (void)CopyOptions(mask, options, changed);
  return CheckPriority(changed.priority());
}

Wrong WrongRetryPolicy(const FieldMask& mask, ActivityOptions& options) {
  if (HasPath(mask, "retry_policy")) {
    FillDefaults(*options.mutable_retry_policy());
    return ValidateAndCap(*options.mutable_retry_policy());
  }
  if (!HasPathWithin(mask, "retry_policy")) return std::nullopt;
  ActivityOptions changed;
  changed.mutable_retry_policy()->set_backoff_coefficient(1);
  (void)CopyOptions(mask, options, changed);
  // The intervals are compared with each other when the whole policy is known.
  if (!HasPath(mask, "retry_policy.initial_interval"))
    changed.mutable_retry_policy()->clear_initial_interval();
  RetryPolicy policy = changed.retry_policy();
  if (HasPath(mask, "retry_policy.maximum_interval")) policy.clear_initial_interval();
  if (auto wrong = ValidateAndCap(policy)) return wrong;
  changed.mutable_retry_policy()->clear_maximum_interval();
  return ValidateAndCap(*changed.mutable_retry_policy());
}

}  // namespace

absl::Status CheckOptionsUpdate(OptionsRequest& request) {
  if (!request.update_mask().paths().empty() && request.restore_original()) {
    return InvalidArgument("Both UpdateMask and RestoreOriginal are provided");
  }
  if (request.restore_original()) return absl::OkStatus();
  if (auto wrong = WrongMask(request)) return InvalidArgument(*wrong);
  const FieldMask& mask = request.update_mask();
  ActivityOptions& options = *request.mutable_activity_options();
  if (HasPath(mask, "task_queue.name")) {
    if (!options.has_task_queue()) return InvalidArgument("taskQueue is not set");
    if (auto wrong = CheckTaskQueue(options.task_queue(), {})) return InvalidArgument(*wrong);
  }
  if (auto wrong = WrongTimeouts(mask, options)) return InvalidArgument(*wrong);
  if (auto wrong = WrongPriority(mask, options)) return InvalidArgument(*wrong);
  if (auto wrong = WrongRetryPolicy(mask, options)) return InvalidArgument(*wrong);
  return absl::OkStatus();
}

}  // namespace perdure::engine::activity
