// Pages of a run's history, as the two history RPCs read them.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "perdure/token.pb.h"
#include "server/frontend/frontend.h"
#include "temporal/api/common/v1/message.pb.h"

namespace perdure::server {

// The token that the client sent back: nullopt for none. INVALID_ARGUMENT when it is not one of ours, or of
// another run.
absl::StatusOr<std::optional<HistoryPageToken>> OpenHistoryToken(
    const TokenSealer& tokens, const Uuid& namespace_id,
    const temporal::api::common::v1::WorkflowExecution& execution, const std::string& sealed);

// The token of a run whose position has just been read: at its first event.
HistoryPageToken FirstHistoryToken(const RunRef& run, const RunPosition& position);

// How many events a page may hold, from what the client asked for.
size_t HistoryPageEvents(int asked);

}  // namespace perdure::server
