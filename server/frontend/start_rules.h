// The form of a start, whether it comes with a signal or not: each function checks, and fills in, one part of
// it, so that a method can ask in the order in which the real server does: that decides between two errors.
// All are INVALID_ARGUMENT. Pure functions but for ids that are minted; safe anywhere.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/search_attributes.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::server {

// `conflict`: what happens with an open run where the client does not say.
void FillStartPolicies(temporal::api::enums::v1::WorkflowIdConflictPolicy conflict,
                       temporal::api::workflowservice::v1::StartWorkflowExecutionRequest& request);
// REQUIRES: the policies are filled in.
absl::Status CheckStartPolicies(
    const temporal::api::workflowservice::v1::StartWorkflowExecutionRequest& request);

// `called`: what the error calls it.
absl::Status CheckLength(const std::string& text, std::string_view called);
// `if_empty`: the error's text then.
absl::Status CheckName(const std::string& name, const char* if_empty, std::string_view called);
absl::Status CheckWorkflowId(const std::string& workflow_id);
absl::Status CheckCronSchedule(const std::string& schedule, absl::Time now);
// And that there is no cron schedule besides.
absl::Status NormalizeStartDelay(temporal::api::workflowservice::v1::StartWorkflowExecutionRequest& request);
absl::Status NormalizeTimeouts(temporal::api::workflowservice::v1::StartWorkflowExecutionRequest& request);
// Search attributes, priority and links.
absl::Status NormalizeLabels(const engine::SearchAttributeTypes& types,
                             temporal::api::workflowservice::v1::StartWorkflowExecutionRequest& request);

// To the event of a signal, as the answers to both kinds of signals carry it.
temporal::api::common::v1::Link LinkToSignal(
    const temporal::api::workflowservice::v1::SignalWorkflowExecutionRequest& signal);

}  // namespace perdure::server
