#include "engine/activity/options_paths.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"

namespace perdure::engine::activity {
namespace {

using google::protobuf::FieldMask;

struct OptionPath {
  std::string_view name;
  void (*copy)(const ActivityOptions& from, ActivityOptions& into);
};

constexpr std::array kOptionPaths = {
    OptionPath{"task_queue.name",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 into.mutable_task_queue()->set_name(from.task_queue().name());
               }},
    OptionPath{"schedule_to_close_timeout",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 *into.mutable_schedule_to_close_timeout() = from.schedule_to_close_timeout();
               }},
    OptionPath{"schedule_to_start_timeout",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 *into.mutable_schedule_to_start_timeout() = from.schedule_to_start_timeout();
               }},
    OptionPath{"start_to_close_timeout",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 *into.mutable_start_to_close_timeout() = from.start_to_close_timeout();
               }},
    OptionPath{"heartbeat_timeout",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 *into.mutable_heartbeat_timeout() = from.heartbeat_timeout();
               }},
    OptionPath{"priority",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 into.clear_priority();
                 if (from.has_priority()) *into.mutable_priority() = from.priority();
               }},
    OptionPath{"priority.priority_key",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 into.mutable_priority()->set_priority_key(from.priority().priority_key());
               }},
    OptionPath{"priority.fairness_key",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 into.mutable_priority()->set_fairness_key(from.priority().fairness_key());
               }},
    OptionPath{"priority.fairness_weight",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 into.mutable_priority()->set_fairness_weight(from.priority().fairness_weight());
               }},
    OptionPath{"retry_policy",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 *into.mutable_retry_policy() = from.retry_policy();
               }},
    OptionPath{"retry_policy.initial_interval",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 *into.mutable_retry_policy()->mutable_initial_interval() =
                     from.retry_policy().initial_interval();
               }},
    OptionPath{"retry_policy.backoff_coefficient",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 into.mutable_retry_policy()->set_backoff_coefficient(
                     from.retry_policy().backoff_coefficient());
               }},
    OptionPath{"retry_policy.maximum_interval",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 *into.mutable_retry_policy()->mutable_maximum_interval() =
                     from.retry_policy().maximum_interval();
               }},
    OptionPath{"retry_policy.maximum_attempts",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 into.mutable_retry_policy()->set_maximum_attempts(from.retry_policy().maximum_attempts());
               }},
    OptionPath{"start_delay",
               [](const ActivityOptions& from, ActivityOptions& into) {
                 into.clear_start_delay();
                 if (from.has_start_delay()) *into.mutable_start_delay() = from.start_delay();
               }},
};

// "retry_policy.maximum_attempts" of "retryPolicy.maximumAttempts".
std::string InSnakeCase(std::string_view path) {
  std::string snake;
  for (const char c : path) {
    const auto character = static_cast<unsigned char>(c);
    if (absl::ascii_isupper(character)) snake.push_back('_');
    snake.push_back(absl::ascii_tolower(character));
  }
  return snake;
}

template <typename Condition>
bool AnyPath(const FieldMask& mask, Condition holds) {
  return std::any_of(mask.paths().begin(), mask.paths().end(),
                     [&](const std::string& path) { return holds(InSnakeCase(path)); });
}

// What a path goes through must be there.
std::optional<std::string> MissingParent(const std::string& path, const ActivityOptions& from) {
  if (path == "task_queue.name" && !from.has_task_queue()) return "TaskQueue is not provided";
  if (path.starts_with("priority.") && !from.has_priority()) return "Priority is not provided";
  if (path.starts_with("retry_policy") && !from.has_retry_policy()) return "RetryPolicy is not provided";
  return std::nullopt;
}

}  // namespace

bool IsOptionPath(std::string_view path) {
  const std::string snake = InSnakeCase(path);
  return std::any_of(kOptionPaths.begin(), kOptionPaths.end(),
                     [&](const OptionPath& known) { return known.name == snake; });
}

bool HasPath(const FieldMask& mask, std::string_view path) {
  return AnyPath(mask, [&](const std::string& named) { return named == path; });
}

bool HasPathWithin(const FieldMask& mask, std::string_view path) {
  const std::string below = std::string(path) + ".";
  return AnyPath(mask, [&](const std::string& named) { return named == path || named.starts_with(below); });
}

std::optional<std::string> CopyOptions(const FieldMask& mask, const ActivityOptions& from,
                                       ActivityOptions& into) {
  for (const OptionPath& known : kOptionPaths) {
    if (!HasPath(mask, known.name)) continue;
    if (auto missing = MissingParent(std::string(known.name), from)) return missing;
    known.copy(from, into);
  }
  return std::nullopt;
}

}  // namespace perdure::engine::activity
