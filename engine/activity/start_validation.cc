#include <utility>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/status.h"
#include "engine/activity/start.h"
#include "engine/activity_rules/activity_options.h"
#include "engine/values/durations.h"

namespace perdure::engine::activity {
namespace {

// With one field each, so that requests and options need no second rule.
void PutOptions(ActivityOptions options, StartActivityRequest& request) {
  *request.mutable_task_queue() = std::move(*options.mutable_task_queue());
  *request.mutable_schedule_to_close_timeout() = options.schedule_to_close_timeout();
  *request.mutable_schedule_to_start_timeout() = options.schedule_to_start_timeout();
  *request.mutable_start_to_close_timeout() = options.start_to_close_timeout();
  *request.mutable_heartbeat_timeout() = options.heartbeat_timeout();
  *request.mutable_retry_policy() = std::move(*options.mutable_retry_policy());
}

absl::Status CheckUserMetadata(const temporal::api::sdk::v1::UserMetadata& metadata) {
  const auto check = [](const char* name, size_t size, size_t limit) {
    if (size <= limit) return absl::OkStatus();
    return InvalidArgument(
        absl::StrCat("user_metadata.", name, " exceeds size limit. Length=", size, " Limit=", limit));
  };
  absl::Status status = check("summary", metadata.summary().ByteSizeLong(), limits::kUserMetadataSummary);
  if (status.ok()) status = check("details", metadata.details().ByteSizeLong(), limits::kUserMetadataDetails);
  return status;
}

absl::Status CheckPolicies(const StartActivityRequest& request) {
  namespace enums = temporal::api::enums::v1;
  if (!enums::ActivityIdReusePolicy_IsValid(request.id_reuse_policy())) {
    return InvalidArgument(absl::StrCat("unsupported ID reuse policy: ", request.id_reuse_policy()));
  }
  if (!enums::ActivityIdConflictPolicy_IsValid(request.id_conflict_policy())) {
    return InvalidArgument(absl::StrCat("unsupported ID conflict policy: ", request.id_conflict_policy()));
  }
  return absl::OkStatus();
}

absl::Status CheckOnConflict(const StartActivityRequest& request) {
  const auto& options = request.on_conflict_options();
  if (options.attach_completion_callbacks() && !options.attach_request_id()) {
    return InvalidArgument(
        "on_conflict_options: attach_completion_callbacks requires attach_request_id to be set");
  }
  if (options.attach_request_id() && request.completion_callbacks().empty() && request.links().empty()) {
    return InvalidArgument(
        "on_conflict_options: attach_request_id requires at least one completion callback or link");
  }
  return absl::OkStatus();
}

absl::Status CheckStartDelay(StartActivityRequest& request) {
  if (!request.has_start_delay()) return absl::OkStatus();
  const auto wrong = ValidateAndCap(*request.mutable_start_delay());
  if (!wrong.has_value()) return absl::OkStatus();
  return InvalidArgument(absl::StrCat("invalid StartDelay: ", std::string(*wrong)));
}

}  // namespace

ActivityOptions OptionsIn(const StartActivityRequest& request) {
  ActivityOptions options;
  if (request.has_task_queue()) *options.mutable_task_queue() = request.task_queue();
  *options.mutable_schedule_to_close_timeout() = request.schedule_to_close_timeout();
  *options.mutable_schedule_to_start_timeout() = request.schedule_to_start_timeout();
  *options.mutable_start_to_close_timeout() = request.start_to_close_timeout();
  *options.mutable_heartbeat_timeout() = request.heartbeat_timeout();
  *options.mutable_retry_policy() = request.retry_policy();
  if (request.has_priority()) *options.mutable_priority() = request.priority();
  if (request.has_start_delay()) *options.mutable_start_delay() = request.start_delay();
  return options;
}

absl::Status NormalizeStart(StartActivityRequest& request, const NamespaceSettings& settings) {
  if (absl::Status status = CheckStartDelay(request); !status.ok()) return status;
  ActivityOptions options = OptionsIn(request);
  const ActivityNames names{request.activity_id(), request.activity_type().name()};
  if (auto wrong = CompleteActivityOptions(names, {}, options)) return InvalidArgument(*wrong);
  PutOptions(std::move(options), request);
  if (request.input().ByteSizeLong() > limits::kBlobSize)
    return InvalidArgument("input exceeds length limit");
  if (absl::Status status = CheckUserMetadata(request.user_metadata()); !status.ok()) return status;
  if (request.has_search_attributes()) {
    absl::Status status = NormalizeSearchAttributes(*settings.search_attributes, settings.name,
                                                    *request.mutable_search_attributes());
    if (!status.ok()) return status;
  }
  if (!request.completion_callbacks().empty()) {
    return InvalidArgument("completion callbacks are not enabled for this namespace");
  }
  if (absl::Status status = CheckOnConflict(request); !status.ok()) return status;
  return CheckPolicies(request);
}

}  // namespace perdure::engine::activity
