#include "server/cli/log_sinks.h"

#include <sstream>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/log_fields.h"
#include "nlohmann/json.hpp"
#include "spdlog/logger.h"
#include "spdlog/sinks/ostream_sink.h"

namespace perdure::server {
namespace {

// A log into a string, its clock in the test's hand.
class Log {
 public:
  explicit Log(std::unique_ptr<spdlog::formatter> formatter)
      : sink_(LimitedSink(std::make_shared<spdlog::sinks::ostream_sink_mt>(text_))) {
    sink_->set_formatter(std::move(formatter));
  }
  void Write(const std::string& line) {
    sink_->log(spdlog::details::log_msg(time, {}, "perdure", spdlog::level::warn, line));
  }
  std::vector<std::string> lines() const { return absl::StrSplit(text_.str(), '\n', absl::SkipEmpty()); }

  spdlog::log_clock::time_point time{std::chrono::seconds(1'800'000'000)};

 private:
  std::ostringstream text_;
  spdlog::sink_ptr sink_;
};

}  // namespace

TEST_CASE("a line in text has its fields behind the message") {
  Log log(TextFormatter());
  log.Write(WithFields("a run cannot be folded", {{"namespace", "default"}, {"workflow_id", "a \"b\"\n"}}));
  CHECK(log.lines() == std::vector<std::string>{R"(time=2027-01-15T08:00:00.000Z level=warning )"
                                                R"(msg="a run cannot be folded" namespace="default" )"
                                                R"(workflow_id="a \"b\"\n")"});
}

TEST_CASE("a line in JSON is one object, whatever bytes are in it") {
  Log log(JsonFormatter());
  log.Write(
      WithFields("said \"no\"\n", {{"run_id", "7"}, {"error", "bytes \xff\x01 and \x1e"}, {"none", ""}}));
  REQUIRE(log.lines().size() == 1);
  const auto object = nlohmann::json::parse(log.lines()[0]);
  CHECK(object["msg"] == "said \"no\"\n");
  CHECK(object["level"] == "warning");
  CHECK(object["run_id"] == "7");
  CHECK_FALSE(object.contains("none"));
}

TEST_CASE("lines of one message are bounded, and the next one says how many were left out") {
  Log log(TextFormatter());
  for (int i = 0; i < 1000; ++i) {
    log.Write(WithFields("again", {{"workflow_id", std::to_string(i)}}));
  }
  CHECK(log.lines().size() == kLogBurst);
  log.Write("another message");
  CHECK(log.lines().size() == kLogBurst + 1);
  log.time += std::chrono::seconds(1);
  log.Write(WithFields("again", {{"workflow_id", "last"}}));
  CHECK(absl::StrContains(log.lines().back(), R"(msg="again" left_out="980" workflow_id="last")"));
}

TEST_CASE("messages without end are bounded together") {
  Log log(TextFormatter());
  for (int i = 0; i < 10'000; ++i) log.Write("message " + std::to_string(i));
  CHECK(log.lines().size() == kLogMessages + kLogBurst);
}

}  // namespace perdure::server
