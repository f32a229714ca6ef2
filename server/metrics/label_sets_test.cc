// The bounds of what clients can make the metrics hold.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "server/metrics/prometheus_metrics.h"
#include "server/metrics/series_cache.h"

namespace perdure::server {
namespace {

struct Shown {
  absl::Time now = absl::FromUnixSeconds(1'000'000);
  PrometheusMetrics metrics{[this] { return now; }};

  // Of tasks of a workflow type in a namespace; the queue is always the same.
  LabelledMetricsPtr Type(const std::string& name_space, const std::string& type) {
    return metrics.Hold({{"namespace", name_space}, {"taskqueue", "queue"}, {"workflowType", type}});
  }
  void Fail(const std::string& name_space, const std::string& type) {
    Type(name_space, type)->counter("workflow_task_fail").Add();
  }
  bool Shows(const std::string& line) const { return absl::StrContains(metrics.Text(), line); }
  // The value of a type's counter, or of the one that it shares.
  std::string Line(const std::string& name_space, const std::string& type, int value) const {
    return absl::StrCat(R"(workflow_task_fail{namespace=")", name_space, R"(",taskqueue=")",
                        type == "_other_" ? type : "queue", R"(",workflowType=")", type, R"("} )", value,
                        "\n");
  }
  void Fill(const std::string& name_space) {
    for (size_t i = 0; i < limits::kMetricSets; ++i) Fail(name_space, absl::StrCat("type", i));
  }
};

struct OneCounter {
  std::array<std::weak_ptr<LabelledMetrics>, 1> series;
  Counter* counter;
};

}  // namespace

TEST_CASE("what finds no place in a namespace is counted together, and other namespaces have theirs") {
  Shown shown;
  shown.Fill("flooded");
  for (int i = 0; i < 10; ++i) shown.Fail("flooded", absl::StrCat("late", i));
  shown.Fail("honest", "order");
  CHECK(shown.Shows(shown.Line("flooded", "type0", 1)));
  CHECK(shown.Shows(shown.Line("flooded", "_other_", 10)));
  CHECK_FALSE(shown.Shows("late0"));
  CHECK(shown.Shows(shown.Line("honest", "order", 1)));
}

TEST_CASE("a namespace that comes when all places are taken shares one with its like") {
  Shown shown;
  for (size_t i = 0; i < limits::kAllMetricSets / limits::kMetricSets; ++i) {
    shown.Fill(absl::StrCat("flooded", i));
  }
  shown.Fail("honest", "order");
  CHECK(shown.Shows(shown.Line("_other_", "_other_", 1)));
}

TEST_CASE("long names take their bytes: the page stays small") {
  Shown shown;
  std::vector<LabelledMetricsPtr> held;
  for (int i = 0; i < 2500; ++i) {
    const std::string name = absl::StrCat(std::string(960, 'x'), i);
    held.push_back(shown.metrics.Hold({{"operation", "CompletionStats"},
                                       {"namespace", "default"},
                                       {"service_name", "history"},
                                       {"taskqueue", name},
                                       {"workflowType", name}}));
    for (const char* counter : {"workflow_success", "workflow_failed", "workflow_timeout"}) {
      held.back()->counter(counter).Add();
    }
    held.back()->histogram("workflow_schedule_to_close_latency").Observe(1.0);
  }
  const std::string text = shown.metrics.Text();
  // A line of each series has the labels, and a histogram has 24 lines.
  CHECK(text.size() < 40 * limits::kMetricSetBytes);
  CHECK(absl::StrContains(text, R"(taskqueue="_other_")"));
}

TEST_CASE("bytes that the text form escapes count as they are shown") {
  Shown shown;
  const std::string quotes(limits::kMetricSetBytes * 3 / 4, '"');
  shown.Fail("default", quotes);
  CHECK(shown.Shows(shown.Line("_other_", "_other_", 1)));
}

TEST_CASE("a set that is idle gives its place back, one that is used does not") {
  Shown shown;
  shown.Fill("default");
  shown.now += limits::kMetricIdle;
  shown.Fail("default", "type1");
  shown.Fail("default", "early");  // until now nobody has looked who is idle
  CHECK(shown.Shows(shown.Line("default", "_other_", 1)));
  shown.now += limits::kMetricIdle;
  shown.Fail("default", "type1");
  shown.Fail("default", "new");
  CHECK(shown.Shows(shown.Line("default", "new", 1)));
  CHECK(shown.Shows(shown.Line("default", "type1", 3)));
  CHECK_FALSE(shown.Shows(shown.Line("default", "type2", 1)));
}

TEST_CASE("a set that is held keeps its place however long it is idle") {
  Shown shown;
  const LabelledMetricsPtr held = shown.Type("default", "held");
  shown.Fill("default");
  for (int i = 0; i < 3; ++i) {
    shown.now += limits::kMetricIdle;
    shown.Fail("default", absl::StrCat("new", i));
  }
  held->counter("workflow_task_fail").Add();
  CHECK(shown.Shows(shown.Line("default", "held", 1)));
  CHECK(shown.Shows(shown.Line("default", "new2", 1)));
}

TEST_CASE("handles in a cache do not hold their place, and are got anew when it was given back") {
  Shown shown;
  SeriesCache<OneCounter> cache;
  int made = 0;
  const auto count = [&] {
    cache
        .Find("cached",
              [&] {
                ++made;
                const LabelledMetricsPtr series = shown.Type("default", "cached");
                return OneCounter{.series = {series}, .counter = &series->counter("workflow_task_fail")};
              })
        .counter->Add();
  };
  count();
  count();
  CHECK(made == 1);
  CHECK(shown.Shows(shown.Line("default", "cached", 2)));
  shown.Fill("default");  // one too many
  shown.now += limits::kMetricIdle;
  shown.Fail("default", "looked");
  shown.now += limits::kMetricIdle;
  shown.Fail("default", "new");
  CHECK_FALSE(shown.Shows("cached"));
  count();
  CHECK(made == 2);
  CHECK(shown.Shows(shown.Line("default", "cached", 1)));
}

TEST_CASE("a cached set that shared a place gets its own as soon as there is one") {
  Shown shown;
  SeriesCache<OneCounter> cache;
  const auto count = [&] {
    cache
        .Find("late",
              [&] {
                const LabelledMetricsPtr series = shown.Type("default", "late");
                return OneCounter{.series = {series}, .counter = &series->counter("workflow_task_fail")};
              })
        .counter->Add();
  };
  shown.Fill("default");
  count();
  count();
  CHECK(shown.Shows(shown.Line("default", "_other_", 2)));
  shown.now += limits::kMetricIdle;
  count();
  CHECK(shown.Shows(shown.Line("default", "late", 1)));
}

TEST_CASE("a gauge that several sets would share is not shown") {
  Shown shown;
  const auto queue = [&](const std::string& name) {
    return shown.metrics.Hold({{"namespace", "default"}, {"taskqueue", name}, {"task_type", "Workflow"}});
  };
  std::vector<LabelledMetricsPtr> held;
  for (size_t i = 0; i <= limits::kMetricSets; ++i) {
    held.push_back(queue(absl::StrCat("queue", i)));
    held.back()->gauge("approximate_backlog_count").Set(7);
    held.back()->counter("poll_success").Add();
  }
  CHECK(shown.Shows(
      R"(approximate_backlog_count{namespace="default",task_type="Workflow",taskqueue="queue0"} 7)"));
  CHECK_FALSE(shown.Shows(
      R"(approximate_backlog_count{namespace="default",task_type="Workflow",taskqueue="_other_")"));
  CHECK(shown.Shows(R"(poll_success{namespace="default",task_type="Workflow",taskqueue="_other_"} 1)"));
}

}  // namespace perdure::server
