#include "server/cli/logging.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

// The message as the content of a JSON string.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    for (const char c : message.payload) {
      if (c == '"' || c == '\\') {
        out.push_back('\\');
        out.push_back(c);
      } else if (static_cast<unsigned char>(c) < 0x20) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out.push_back(c);
      }
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

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
  auto logger =
      std::make_shared<spdlog::logger>("perdure", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  if (format == "json") {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<JsonMessage>('*').set_pattern(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","msg":"%*"})");
    logger->set_formatter(std::move(formatter));
  } else {
    logger->set_pattern("time=%Y-%m-%dT%H:%M:%S.%e level=%l msg=\"%v\"");
  }
  logger->set_level(level == "never" ? spdlog::level::off : spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
  gpr_set_log_function([](gpr_log_func_args* line) { spdlog::debug("gRPC: {}", line->message); });
  // It would write a line for each request with invalid UTF-8, which clients could send at will.
  google::protobuf::SetLogHandler(nullptr);
  return absl::OkStatus();
}

}  // namespace perdure::server
