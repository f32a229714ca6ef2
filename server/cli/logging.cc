#include "server/cli/logging.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"
#include "server/cli/log_sinks.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

template <typename Names>
absl::Status CheckOneOf(std::string_view what, const std::string& value, const Names& names) {
  if (std::find(names.begin(), names.end(), value) != names.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} \"{}\" is not one of {}", what, value, fmt::join(names, ", ")));
}

}  // namespace

absl::Status SetUpLog(const std::string& level, const std::string& format) {
  absl::Status valid = CheckOneOf("log level", level, kLogLevels);
  valid.Update(CheckOneOf("log format", format, kLogFormats));
  if (!valid.ok()) return valid;
  auto sink = LimitedSink(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto logger = std::make_shared<spdlog::logger>("perdure", std::move(sink));
  logger->set_formatter(format == "json" ? JsonFormatter() : TextFormatter());
  logger->set_level(level == "never" ? spdlog::level::off : spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
  gpr_set_log_function([](gpr_log_func_args* line) { spdlog::debug("gRPC: {}", line->message); });
  // It would write a line for each request with invalid UTF-8, which clients could send at will.
  google::protobuf::SetLogHandler(nullptr);
  return absl::OkStatus();
}

}  // namespace perdure::server
