// How the program's log writes its lines: one an event, whatever is in it, and a bound on how many a second
// are written of one message, so that no client can fill a disk.
#pragma once

#include <memory>

#include "spdlog/formatter.h"
#include "spdlog/sinks/sink.h"

namespace perdure::server {

// time=... level=... msg="..." key="value": quotes, back-slashes and control characters are escaped.
std::unique_ptr<spdlog::formatter> TextFormatter();
// One JSON object a line, valid whatever bytes are in it.
std::unique_ptr<spdlog::formatter> JsonFormatter();

// Lines of one message: so many at once, then one a second. The next line that is written says how many were
// left out.
inline constexpr int kLogBurst = 20;
// Messages that are told apart; those beyond share one bound.
inline constexpr size_t kLogMessages = 256;
// Thread safety: any thread. Time is the lines' own.
spdlog::sink_ptr LimitedSink(spdlog::sink_ptr inner);

}  // namespace perdure::server
