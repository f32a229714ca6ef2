// How events stand in records and go to clients: each framed as field 1 of temporal.api.history.v1.History,
// so that bytes of several, one after the other, are a History. Here alone is known what a frame is.
//
// Pure functions; safe anywhere. Malformed bytes are an answer, never undefined.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine {

// Appends the event's frame to `out`.
void AppendFramed(const temporal::api::history::v1::HistoryEvent& event, std::string& out);

// Takes the first frame (its tag and length included) off `bytes`, without parsing it. Empty when `bytes`
// does not begin with a whole one.
std::string_view TakeFrame(std::string_view& bytes);

// The event of one frame; null when `frame` is none.
std::shared_ptr<const temporal::api::history::v1::HistoryEvent> ParseFrame(std::string_view frame);

}  // namespace perdure::engine
