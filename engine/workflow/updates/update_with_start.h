// An update that comes with a start (ExecuteMultiOperation): both take effect in one step, or neither. What
// is refused because of the update is marked, so that its caller can tell which of the two was.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow {

// Marks an error as the update's.
absl::Status OfUpdate(absl::Status status);
// Whether it is; takes the mark away.
bool TakeOfUpdate(absl::Status& status);

// What becomes of the update where the id has a run; nullopt: the start decides, and a run that it begins
// takes the update. REQUIRES: the request has an update.
std::optional<StartDecision> UpdateCurrent(const State& current, const StartRequest& request,
                                           const Context& context);

}  // namespace perdure::engine::workflow
