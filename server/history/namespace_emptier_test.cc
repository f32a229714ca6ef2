// A deleted namespace: what is in it goes, in pages, whatever crashes; then its row.
#include "server/history/namespace_emptier.h"

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "engine/workflow/kind.h"
#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using persistence::RunKey;
using testing::TestNode;
namespace emptied = engine::workflow;

constexpr absl::Duration kLongEnough = absl::Minutes(5);

// Counts the executions that a list still has, and remembers the keys of all runs.
struct Emptying {
  Emptying() {
    session->OnDisconnect([] {});
  }

  // `closed` of them are terminated.
  void StartRuns(int number, int closed) {
    for (int i = 0; i < number; ++i) {
      const std::string id = "order-" + std::to_string(i);
      const auto started = node.Start(node.StartRequest(id));
      REQUIRE(started.ok());
      const Uuid run =
          *Uuid::Parse(started->response.run_id());  // NOLINT(bugprone-unchecked-optional-access)
      keys.push_back({ShardOf(node.namespaces().id(), id), run, emptied::kWorkflowKind});
      if (i < closed) REQUIRE(node.Execute(node.Ref(id), emptied::Terminate()).ok());
    }
  }
  void Delete() { node.namespaces().BeginDeletion(node.time().wall()); }
  void Begin() {
    NamespaceEmptier::Options options;
    options.page = 2;
    emptier = std::make_unique<NamespaceEmptier>(NamespaceEmptier::World{.executor = executor,
                                                                         .session = *session,
                                                                         .namespaces = node.namespaces(),
                                                                         .history = node.history(),
                                                                         .kinds = node.kinds(),
                                                                         .metrics = node.metrics()},
                                                 options);
    executor.Post([this] { emptier->Start(); });
  }
  void Crash() {
    executor.DropEverything();
    emptier.reset();
    node.Crash();
    session = node.store().OpenSession(executor);
    session->OnDisconnect([] {});
    node.Restart();
  }
  // Runs of which the store has anything.
  size_t Left() {
    size_t left = 0;
    session->LoadRuns({.keys = keys}, [&](const absl::StatusOr<std::vector<persistence::StoredRun>>& runs) {
      REQUIRE(runs.ok());
      for (const persistence::StoredRun& run : *runs) {
        const bool gone = run.found == persistence::StoredRun::Found::kNothing && run.size.rows == 0;
        if (!gone) ++left;
      }
    });
    node.Run();
    return left;
  }
  // Their wakes; those of nothing would be read for ever.
  size_t Wakes() {
    size_t wakes = 0;
    for (const uint32_t writer : {1U, 2U}) {
      persistence::WakeQuery query;
      query.writer_id = writer;
      query.limit = 100;
      session->ReadWakes(query, [&](const absl::StatusOr<std::vector<persistence::WakeRow>>& rows) {
        REQUIRE(rows.ok());
        wakes += rows->size();
      });
    }
    node.Run();
    return wakes;
  }

  TestNode node;
  ManualExecutor executor{node.time()};
  std::unique_ptr<persistence::Session> session = node.store().OpenSession(executor);
  std::unique_ptr<NamespaceEmptier> emptier;
  std::vector<RunKey> keys;
};

}  // namespace

TEST_CASE("a deleted namespace is emptied of open and closed runs, and leaves no row") {
  Emptying test;
  test.StartRuns(7, 3);
  CHECK(test.Left() == 7);
  test.Delete();
  test.Begin();
  test.node.Advance(kLongEnough);
  CHECK(test.Left() == 0);
  CHECK(test.Wakes() == 0);
  CHECK(test.node.namespaces().removed());
  CHECK(test.node.MetricsText().find("perdure_namespaces_removed 1") != std::string::npos);
  test.emptier->Stop();
}

TEST_CASE("the emptying of a namespace goes on after a crash") {
  Emptying test;
  test.StartRuns(9, 4);
  test.Delete();
  test.Begin();
  for (int i = 0; i < 200 && test.Left() == 9; ++i) test.node.time().RunNextTimer();
  test.Crash();
  CHECK_FALSE(test.node.namespaces().removed());
  test.Begin();
  test.node.Advance(kLongEnough);
  CHECK(test.Left() == 0);
  CHECK(test.node.namespaces().removed());
  test.emptier->Stop();
}

TEST_CASE("a namespace that is being emptied takes no starts") {
  Emptying test;
  test.StartRuns(1, 0);
  test.Delete();
  CHECK(absl::IsNotFound(test.node.Start(test.node.StartRequest("late")).status()));
  test.Begin();
  test.node.Advance(kLongEnough);
  CHECK(test.Left() == 0);
  test.emptier->Stop();
}

}  // namespace perdure::server
