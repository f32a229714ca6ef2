// Links to events, as replies carry them.
#pragma once

#include <string>

#include "engine/entity.h"
#include "engine/workflow/state.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/enums/v1/event_type.pb.h"

namespace perdure::engine::workflow {

// To the run's first event.
temporal::api::common::v1::Link LinkToStart(const State& state, const NamespaceSettings& settings);
// To the event that `request_id` made, whose id may not be known yet.
temporal::api::common::v1::Link LinkToRequest(const State& state, const NamespaceSettings& settings,
                                              const std::string& request_id,
                                              temporal::api::enums::v1::EventType type);

}  // namespace perdure::engine::workflow
