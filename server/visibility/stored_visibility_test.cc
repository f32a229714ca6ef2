#include "server/visibility/stored_visibility.h"

#include <catch2/catch.hpp>
#include <memory>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/testing/manual_executor.h"
#include "persistence/memory/memory_store.h"
#include "server/metrics/prometheus_metrics.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

class SlowReads final : public persistence::MemoryFaults {
 public:
  ReadPlan OnOperation(std::string_view) override { return {.fails = fails, .delay = delay}; }
  bool fails = false;
  absl::Duration delay;
};

// One namespace, "shop".
class OneNamespace final : public NamespaceRegistry {
 public:
  explicit OneNamespace(Random& random) : id(Uuid::Mint(random)) {
    auto shop = std::make_shared<Namespace>();
    shop->id = id;
    shop->settings.name = "shop";
    snapshot_->Put(shop);
  }
  std::shared_ptr<const NamespaceSnapshot> Snapshot() const override { return snapshot_; }
  void Register(NamespaceRecord /*record*/, persistence::Callback<NamespacePtr> /*done*/) override {}
  void Update(std::string /*name*/, std::function<absl::Status(NamespaceRecord&)> /*change*/,
              persistence::Callback<NamespacePtr> /*done*/) override {}
  void Remove(NamespacePtr /*name_space*/, persistence::Callback<bool> /*done*/) override {}

  const Uuid id;

 private:
  const std::shared_ptr<NamespaceSnapshot> snapshot_ = std::make_shared<NamespaceSnapshot>();
};

struct Bench {
  Bench() {
    auto logger =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log));
    spdlog::set_default_logger(std::move(logger));
  }
  ~Bench() { spdlog::set_default_logger(logger_before); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void Count(const Uuid& name_space) {
    persistence::VisibilityQuery query;
    query.namespace_id = name_space;
    visibility.Count(query, [this](const auto& groups) { ++(groups.ok() ? answered : failed); });
    time.RunUntilIdle();
  }

  const std::shared_ptr<spdlog::logger> logger_before = spdlog::default_logger();
  std::ostringstream log;
  VirtualTime time{1};
  ManualExecutor executor{time};
  SlowReads faults;
  PrometheusMetrics metrics;
  OneNamespace namespaces{executor.random()};
  std::unique_ptr<persistence::MemoryStore> store = persistence::NewMemoryStore(
      {.observer = nullptr, .faults = &faults, .clock = [this] { return time.wall(); }});
  std::unique_ptr<persistence::Session> session = store->OpenSession(executor);
  StoredVisibility visibility{*session, executor, namespaces, metrics, {.running = 1, .running_of_one = 1}};
  int answered = 0;
  int failed = 0;
};

constexpr char kSlowCounts[] = R"(perdure_slow_lists{operation="CountWorkflowExecutions"} )";

}  // namespace

TEST_CASE("a list that takes long, its wait included, is counted and logged with its namespace") {
  Bench bench;
  bench.faults.delay = absl::Milliseconds(1500);
  bench.Count(bench.namespaces.id);
  bench.Count(bench.namespaces.id);
  CHECK(absl::StrContains(bench.metrics.Text(), "perdure_waiting_lists 1"));
  bench.time.Advance(absl::Seconds(2));
  CHECK(bench.answered == 1);
  CHECK(absl::StrContains(bench.metrics.Text(), absl::StrCat(kSlowCounts, 0)));
  CHECK(bench.log.str().empty());
  bench.time.Advance(absl::Seconds(2));
  CHECK(bench.answered == 2);
  CHECK(absl::StrContains(bench.metrics.Text(), absl::StrCat(kSlowCounts, 1)));
  CHECK(absl::StrContains(bench.metrics.Text(), "perdure_waiting_lists 0"));
  CHECK(absl::StrContains(bench.log.str(), "a list was slow"));
  CHECK(absl::StrContains(bench.log.str(), "shop"));
}

TEST_CASE("a list that fails gives its turn on, and one that waits in vain is refused") {
  Bench bench;
  bench.faults.fails = true;
  bench.Count(bench.namespaces.id);
  CHECK(bench.failed == 1);
  bench.faults.fails = false;
  bench.Count(bench.namespaces.id);
  CHECK(bench.answered == 1);
  bench.faults.delay = absl::Minutes(1);
  bench.Count(bench.namespaces.id);
  bench.Count(bench.namespaces.id);
  bench.time.Advance(limits::kListWait);
  CHECK(bench.failed == 2);
  CHECK(absl::StrContains(bench.metrics.Text(), R"(perdure_refused_calls{reason="lists"} 1)"));
}

}  // namespace perdure::server
