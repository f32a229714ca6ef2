// Small work on text. Debian's abseil brings a string_view of its own: AbslView and StdView turn one into the
// other, without a copy.
//
// Pure functions; safe anywhere.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/string_view.h"

namespace perdure {

inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view StdView(absl::string_view text) { return {text.data(), text.size()}; }

// The name of an enum's value as people read it: "WorkflowTaskStarted" for EVENT_TYPE_WORKFLOW_TASK_STARTED
// and the prefix "EVENT_TYPE_". A value that has no name, as one of a later API, stays empty.
std::string CamelCase(std::string_view name, std::string_view prefix);

// The longest beginning of `text` that is at most `bytes` long and ends between two characters of UTF-8.
std::string_view Beginning(std::string_view text, size_t bytes);

// A client's value as an error text or a log line repeats it: itself, or its beginning and its size when it
// is longer than limits::kShownValue. Every text that repeats what a client sent passes it through here.
std::string Shown(std::string_view value);

// As a listener is given its address: the IPv6 ones in brackets.
std::string HostPort(std::string_view ip, int port);
// What HostPort wrote. nullopt for all else: no host, an IPv6 address without brackets, a port above 65535.
std::optional<std::pair<std::string, int>> SplitHostPort(std::string_view text);

}  // namespace perdure
