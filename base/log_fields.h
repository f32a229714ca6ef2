// Fields of a log line beside its message: which namespace, workflow and run it is about. A message says what
// happened in words that do not change; what changes stands in fields, so that lines can be counted by their
// message. The program's log (server/cli/logging.h) writes them as `key="value"` or as JSON; payloads and
// secrets belong into neither.
//
//   spdlog::error("{}", WithFields("a run cannot be folded", {{"run_id", id}, {"error", what}}));
//
// Pure functions; safe anywhere.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure {

// `message` with the fields behind it, as SplitFields reads them.
std::string WithFields(std::string_view message,
                       std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

struct LogLine {
  std::string_view message;
  std::vector<std::pair<std::string_view, std::string_view>> fields;
};
// Views into `line`.
LogLine SplitFields(std::string_view line);

}  // namespace perdure
