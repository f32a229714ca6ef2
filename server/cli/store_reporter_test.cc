#include "server/cli/store_reporter.h"

#include <catch2/catch.hpp>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/testing/manual_executor.h"
#include "server/metrics/prometheus_metrics.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

// What is logged while it lives.
class CapturedLog {
 public:
  CapturedLog() : before_(spdlog::default_logger()) {
    auto logger =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_pattern("%v");
    spdlog::set_default_logger(std::move(logger));
  }
  ~CapturedLog() { spdlog::set_default_logger(before_); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  std::vector<std::string> Lines() const { return absl::StrSplit(text_.str(), '\n', absl::SkipEmpty()); }

 private:
  std::ostringstream text_;
  const std::shared_ptr<spdlog::logger> before_;
};

}  // namespace

TEST_CASE("an outage of the database is said once, then every minute, then its end") {
  VirtualTime time(1);
  ManualExecutor clock(time);
  PrometheusMetrics metrics;
  StoreReporter reporter(metrics, clock);
  const CapturedLog log;
  reporter.OnReach("");
  CHECK(log.Lines().empty());
  for (int i = 0; i < 300; ++i) {  // several connections, each trying again and again: 150 seconds
    reporter.OnReach("connection refused");
    time.Advance(absl::Milliseconds(500));
  }
  auto lines = log.Lines();
  REQUIRE(lines.size() == 3);
  CHECK(absl::StartsWith(lines[0], "the database does not answer; waiting for it"));
  CHECK(absl::StrContains(lines[0], "connection refused"));
  CHECK(absl::StartsWith(lines[1], "the database still does not answer"));
  CHECK(absl::StrContains(lines[2], "120"));
  reporter.OnReach("");
  reporter.OnReach("");
  lines = log.Lines();
  REQUIRE(lines.size() == 4);
  CHECK(absl::StartsWith(lines[3], "the database answers again"));
  CHECK(absl::StrContains(lines[3], "150"));
  reporter.OnReach("once more");
  CHECK(log.Lines().size() == 5);
}

}  // namespace perdure::server
