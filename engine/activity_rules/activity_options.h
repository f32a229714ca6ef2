// The rules for what whoever schedules an activity asks for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "temporal/api/activity/v1/message.pb.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine {

struct ActivityNames {
  std::string_view id;
  std::string_view type;
};

// Of the run that schedules the activity. An activity on its own: no queue, and no timeout.
struct RunLimits {
  std::string task_queue;
  absl::Duration run_timeout;
};

// Fills what was left open (queue kind, retry policy, timeouts from each other and from the run's), or says
// what is wrong, as the worker or client is told. For ActivityTaskScheduledEventAttributes of a workflow's
// activity and for ActivityOptions.
template <typename Options>
std::optional<std::string> CompleteActivityOptions(const ActivityNames& names, const RunLimits& run,
                                                   Options& options);

// What is wrong with a priority, or nullopt.
std::optional<std::string> CheckPriority(const temporal::api::common::v1::Priority& priority);

// The part of CompleteActivityOptions that is done again when single options are changed: the timeouts.
std::optional<std::string> CompleteTimeouts(const ActivityNames& names,
                                            temporal::api::activity::v1::ActivityOptions& options);

}  // namespace perdure::engine
