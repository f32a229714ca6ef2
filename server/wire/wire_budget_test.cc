#include "server/wire/wire_budget.h"

#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "base/limits.h"
#include "base/notification.h"
#include "server/metrics/prometheus_metrics.h"

namespace perdure::server {
namespace {

struct Bench {
  PrometheusMetrics metrics;
  EventLoop loop{"budget"};
  LimitsSeen limits{metrics, loop};
  WireBudget budget{limits};
  std::vector<std::string> closed;  // the loop's thread

  std::unique_ptr<WireAccount> Open(const std::string& peer) {
    return std::make_unique<WireAccount>(budget, loop, peer,
                                         [this, peer](WireLimit) { closed.push_back(peer); });
  }
  // What was closed by what was posted until now.
  std::vector<std::string> Closed() {
    Notification done;
    loop.Post([&] { done.Notify(); });
    done.WaitForNotification();
    return closed;
  }
};

}  // namespace

TEST_CASE("a connection over its own limit is closed once, and counted") {
  Bench bench;
  const auto one = bench.Open("one");
  one->Add(WireAccount::kRequests, limits::kWireRequestBytes);
  CHECK(bench.Closed().empty());
  one->Add(WireAccount::kRequests, 1);
  one->Add(WireAccount::kRequests, 1);
  CHECK(bench.Closed() == std::vector<std::string>{"one"});
  CHECK(one->doomed());
  CHECK(absl::StrContains(bench.metrics.Text(), R"(perdure_wire_limits{kind="unread_requests"} 1)"));
}

TEST_CASE("over the limit of all, whoever holds the most is closed") {
  Bench bench;
  const auto small = bench.Open("small");
  const auto large = bench.Open("large");
  const auto middle = bench.Open("middle");
  small->Add(WireAccount::kAnswers, 1000);
  large->Add(WireAccount::kAnswers, limits::kWireAllAnswerBytes / 2);
  middle->Add(WireAccount::kAnswers, limits::kWireAllAnswerBytes / 2 - 2000);
  CHECK(bench.Closed().empty());
  small->Add(WireAccount::kAnswers, 2000);
  CHECK(bench.Closed() == std::vector<std::string>{"large"});
  // Its bytes count no more.
  small->Add(WireAccount::kAnswers, limits::kWireAllAnswerBytes / 4);
  CHECK(bench.Closed().size() == 1);
}

TEST_CASE("bytes that are taken off make room") {
  Bench bench;
  const auto one = bench.Open("one");
  for (int i = 0; i < 10; ++i) {
    one->Add(WireAccount::kAnswers, limits::kWireMostAnswerBytes);
    one->Take(WireAccount::kAnswers, limits::kWireMostAnswerBytes);
  }
  CHECK(bench.Closed().empty());
  CHECK(one->held(WireAccount::kAnswers) == 0);
}

TEST_CASE("a connection that has left is not closed") {
  Bench bench;
  const auto one = bench.Open("one");
  bench.loop.Post([&] { one->Leave(); });
  bench.Closed();
  one->Add(WireAccount::kRequests, limits::kWireRequestBytes + 1);
  CHECK(bench.Closed().empty());
}

}  // namespace perdure::server
