// A kind that lives in a test, the counters, on the stores that servers run on: that it is no part of history
// or of a store holds there too. A restart is a new process: it opens the database anew.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>

#include "server/history/testing/counter_kind.h"
#include "server/history/testing/test_node.h"
#include "tests/kinds/databases.h"

namespace perdure::server {
namespace {

using testing::Awaited;
using testing::DatabaseKind;
using testing::kCounterKind;
using testing::NewTestDatabase;
using testing::PatientStore;
using testing::TestDatabase;
using testing::TestNode;

// A node with counters on a database.
class CountersBench {
 public:
  explicit CountersBench(TestDatabase& database, HistoryOptions history = {})
      : store_([&database] { return database.Open(); }), node_(Options(store_, history)) {
    node_.Advance(absl::Milliseconds(1));  // what is sent in the moment of a takeover is taken for older
  }

  TestNode& node() { return node_; }
  absl::Status Start(const std::string& id) {
    Awaited<engine::ReplyPtr> reply;
    node_.history().Start(node_.namespace_id(), kCounterKind, std::make_unique<testing::StartCounter>(id),
                          reply.Answer());
    node_.Run();
    return reply.Get().status();
  }
  Awaited<engine::ReplyPtr> AskLater(const std::string& id, engine::RequestPtr request) {
    Awaited<engine::ReplyPtr> reply;
    node_.history().Execute(Ref(id), std::move(request), reply.Answer());
    return reply;
  }
  // The run that answered.
  Uuid Ask(const std::string& id, engine::RequestPtr request) {
    const Awaited<engine::ReplyPtr> reply = AskLater(id, std::move(request));
    node_.Run();
    REQUIRE(reply.Get().ok());
    return dynamic_cast<const testing::Count&>(**reply.Get()).run;
  }
  absl::StatusOr<int64_t> ValueOf(const std::string& id, std::optional<Uuid> run_id = std::nullopt) {
    Awaited<engine::ReplyPtr> reply;
    node_.history().Read({node_.namespace_id(), id, run_id, kCounterKind}, std::make_unique<testing::Look>(),
                         reply.Answer());
    node_.Run();
    if (!reply.Get().ok()) return reply.Get().status();
    return dynamic_cast<const testing::Count&>(**reply.Get()).value;
  }
  void Restart() {
    node_.Crash();
    node_.Restart();
    node_.Advance(absl::Milliseconds(100));
  }

 private:
  static TestNode::Options Options(PatientStore& store, const HistoryOptions& history) {
    TestNode::Options options;
    options.kinds = {testing::CounterLine()};
    options.history = history;
    options.rows = &store;
    return options;
  }
  EntityRef Ref(const std::string& id) const {
    return {node_.namespace_id(), id, std::nullopt, kCounterKind};
  }

  PatientStore store_;
  TestNode node_;
};

TEST_CASE("an id of one kind is no id of another") {
  const auto database = NewTestDatabase(GENERATE(DatabaseKind::kSqlite, DatabaseKind::kPostgres));
  if (database == nullptr) return;
  CountersBench bench(*database);
  REQUIRE(bench.node().Start("same").ok());
  CHECK(bench.ValueOf("same").status().message() == "no counter same");
  REQUIRE(bench.Start("same").ok());
  bench.Ask("same", std::make_unique<testing::Add>(3));
  bench.Restart();
  CHECK(*bench.ValueOf("same") == 3);
  CHECK(bench.node().Describe("same").ok());
  CHECK(absl::IsAlreadyExists(bench.Start("same")));
}

TEST_CASE("counters outlive a small memory and the process") {
  const auto database = NewTestDatabase(GENERATE(DatabaseKind::kSqlite, DatabaseKind::kPostgres));
  if (database == nullptr) return;
  HistoryOptions history;
  history.resident_bytes = 1;
  CountersBench bench(*database, history);
  for (int i = 0; i < 5; ++i) REQUIRE(bench.Start("counter-" + std::to_string(i)).ok());
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 5; ++i) bench.Ask("counter-" + std::to_string(i), std::make_unique<testing::Add>(i));
  }
  bench.Restart();
  for (int i = 0; i < 5; ++i) CHECK(*bench.ValueOf("counter-" + std::to_string(i)) == 20 * i);
}

TEST_CASE("the next run takes the id in the commit that ends the one before") {
  const auto database = NewTestDatabase(GENERATE(DatabaseKind::kSqlite, DatabaseKind::kPostgres));
  if (database == nullptr) return;
  CountersBench bench(*database);
  REQUIRE(bench.Start("c").ok());
  const Uuid first = bench.Ask("c", std::make_unique<testing::Add>(7));
  bench.Ask("c", std::make_unique<testing::RollOver>());
  const Uuid second = bench.Ask("c", std::make_unique<testing::Add>(1));
  CHECK(first != second);
  bench.Restart();
  CHECK(*bench.ValueOf("c") == 8);
  CHECK(*bench.ValueOf("c", first) == 7);
  CHECK(*bench.ValueOf("c", second) == 8);
}

TEST_CASE("what one counter owes another arrives once, wherever the process dies") {
  const DatabaseKind kind = GENERATE(DatabaseKind::kSqlite, DatabaseKind::kPostgres);
  const auto database = NewTestDatabase(kind);
  if (database == nullptr) return;
  CountersBench bench(*database);
  for (int steps = 0; steps < 24; steps += 2) {
    const std::string giver = "giver-" + std::to_string(steps);
    const std::string taker = "taker-" + std::to_string(steps);
    REQUIRE(bench.Start(giver).ok());
    REQUIRE(bench.Start(taker).ok());
    bench.Ask(giver, std::make_unique<testing::Add>(9));
    const Awaited<engine::ReplyPtr> given = bench.AskLater(giver, std::make_unique<testing::Give>(taker, 4));
    for (int i = 0; i < steps && bench.node().time().RunOne(); ++i) {
    }
    bench.Restart();
    CAPTURE(steps);
    const int64_t taken = *bench.ValueOf(taker);
    CHECK(taken + *bench.ValueOf(giver) == 9);
    CHECK((taken == 4 || (taken == 0 && !given.Came())));
  }
}

TEST_CASE("closed counters go by retention, and leave no row") {
  const auto database = NewTestDatabase(GENERATE(DatabaseKind::kSqlite, DatabaseKind::kPostgres));
  if (database == nullptr) return;
  CountersBench bench(*database);
  for (const char* id : {"giver", "taker"}) REQUIRE(bench.Start(id).ok());
  bench.Ask("giver", std::make_unique<testing::Give>("taker", 4));
  bench.Ask("taker", std::make_unique<testing::RollOver>());
  for (const char* id : {"giver", "taker"}) bench.Ask(id, std::make_unique<testing::Close>());
  bench.Restart();
  CHECK(*bench.ValueOf("taker") == 4);
  CHECK(database->CountRows("executions") == 3);
  bench.node().Advance(absl::Hours(24 * 40));
  CHECK(absl::IsNotFound(bench.ValueOf("giver").status()));
  CHECK(absl::IsNotFound(bench.ValueOf("taker").status()));
  for (const char* table : {"executions", "history", "snapshots", "wake"}) {
    CAPTURE(table);
    CHECK(database->CountRows(table) == 0);
  }
}

}  // namespace
}  // namespace perdure::server
