// What a workflow of the simulation does: its plan's steps, decided again from the history at each workflow
// task, as an SDK's replay does. Pure.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "temporal/api/command/v1/message.pb.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

inline constexpr char kTaskQueue[] = "queue";
inline constexpr char kRareQueue[] = "rare";

// The next commands after this history; none while the workflow waits. An error when the history contradicts
// the plan.
absl::StatusOr<std::vector<temporal::api::command::v1::Command>> NextCommands(
    const WorkflowPlan& plan, const temporal::api::history::v1::History& history);

// Of parents and children: who times out is retried too.
inline constexpr int kMostAttemptsOfFamilies = 4;
temporal::api::common::v1::RetryPolicy RetryPolicyOfFamilies();

// What a finished workflow's result must be.
std::string ResultOf(const WorkflowPlan& plan);

}  // namespace perdure::simulation
