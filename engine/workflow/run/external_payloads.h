// What clients say about payloads that they keep elsewhere and that events only refer to. Pure functions;
// safe anywhere.
#pragma once

#include <cstdint>

#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine::workflow {

struct ExternalPayloads {
  int64_t count = 0;
  // As clients said it; a sum beyond 2^63 wraps.
  int64_t size_bytes = 0;
};

// Of an event that this release writes; search attributes do not count.
ExternalPayloads ExternalPayloadsOf(const temporal::api::history::v1::HistoryEvent& event);

}  // namespace perdure::engine::workflow
