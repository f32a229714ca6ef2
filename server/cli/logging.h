// The program's log: one line an event, to the standard error.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace perdure::server {

inline const std::vector<std::string> kLogLevels = {"debug", "info", "warn", "error", "never"};
inline const std::vector<std::string> kLogFormats = {"text", "json", "pretty"};

// Sets up spdlog's default logger. INVALID_ARGUMENT for a level or format that is none of the above.
absl::Status SetUpLog(const std::string& level, const std::string& format);

}  // namespace perdure::server
