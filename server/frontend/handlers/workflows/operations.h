// What a start and an update have in common with both in one call (ExecuteMultiOperation).
// Safe on any thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "server/frontend/frontend.h"

namespace perdure::server {

namespace api = temporal::api::workflowservice::v1;

// Each checks the form of a request, in the real server's order, which decides between two errors, and fills
// in what the client left out.
absl::Status NormalizeStart(Frontend& frontend, const SearchAttributeTypes& custom,
                            api::StartWorkflowExecutionRequest& request);
absl::Status NormalizeUpdate(api::UpdateWorkflowExecutionRequest& request, IdMinter& ids);

// The answer to an update. `request_id`: of the update; its link names it.
api::UpdateWorkflowExecutionResponse UpdateResponse(const engine::workflow::UpdateReply& status,
                                                    const std::string& name_space,
                                                    const std::string& request_id);

}  // namespace perdure::server
