// Exchanges and lists that do not hold each other up, and what their answers tell a caller.
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "persistence/postgres/testing/postgres_backend.h"

namespace perdure::persistence {

TEST_CASE("postgres: reads that are pipelined on a new connection are all answered") {
  contract::PostgresBackend backend;
  contract::TestSession session(backend.store());
  using Runs = absl::StatusOr<std::vector<StoredRun>>;
  std::vector<std::future<Runs>> answers;
  for (int i = 0; i < 50; ++i) {
    answers.push_back(session.Start<Runs>(
        [](Session& s, auto done) { s.LoadRuns({{contract::NewRunKey()}}, std::move(done)); }));
  }
  for (auto& answer : answers) CHECK(answer.get().ok());
}

TEST_CASE("postgres: a number that does not fit its column refuses the batch, and only that") {
  contract::PostgresBackend backend;
  contract::TestSession session(backend.store());
  contract::TestWriter writer(session, 1);
  RunWrite wide = contract::FirstWrite(contract::NewRunKey(), contract::NewUuid(), "id");
  wide.execution->history_length = int64_t{1} << 40;
  CHECK(writer.Try(writer.Next({wide})).outcome == CommitOutcome::kRefused);
  wide.execution->history_length = 1;
  wide.execution->id = std::string(1 << 20, '\x7f');
  for (size_t i = 0; i < wide.execution->id.size(); ++i) {
    wide.execution->id[i] = static_cast<char>(i * 2654435761U >> 13);  // does not compress
  }
  CHECK(writer.Try(writer.Next({wide})).outcome == CommitOutcome::kRefused);  // too large for an index
  wide.execution->id = "id";
  writer.Commit(wide);
}

namespace {

// A count takes ten minutes in a namespace that has a run. Made after the store, which looks at its tables.
class SlowExecutions {
 public:
  explicit SlowExecutions(contract::PostgresBackend& backend) : admin_(backend.admin()) {
    contract::TestSession session(backend.store());
    contract::TestWriter writer(session, 1);
    writer.Commit(contract::FirstWrite(contract::NewRunKey(), space, "id"));
  }
  ~SlowExecutions() { admin_.Run("DROP VIEW executions; ALTER TABLE executions_there RENAME TO executions"); }
  SlowExecutions(const SlowExecutions&) = delete;
  SlowExecutions& operator=(const SlowExecutions&) = delete;

  void Begin() {
    admin_.Run(
        "ALTER TABLE executions RENAME TO executions_there; "
        "CREATE VIEW executions AS SELECT * FROM executions_there WHERE pg_sleep(600) IS NOT NULL");
  }
  // Only counts of this database are ended: the server has others, where this very test may run.
  void EndCounts() {
    admin_.Run(
        "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity "
        "WHERE wait_event = 'PgSleep' AND datname = current_database()");
  }

  const Uuid space = contract::NewUuid();

 private:
  contract::Admin& admin_;
};

using Counted = absl::StatusOr<std::vector<CountGroup>>;

std::future<Counted> StartCount(contract::TestSession& session, const Uuid& space) {
  VisibilityQuery query;
  query.namespace_id = space;
  return session.Start<Counted>(
      [query](Session& in, auto done) { in.CountExecutions(query, std::move(done)); });
}

}  // namespace

TEST_CASE("postgres: a count is stopped at its time limit, through a pooler too") {
  contract::PostgresBackend made;
  for (const bool unnamed : {false, true}) {
    PostgresOptions options;
    options.target = contract::Database::Shared().Direct();
    options.list_time_limit = absl::Milliseconds(100);
    options.through_pgbouncer = unnamed;
    auto store = OpenPostgresStore(options);
    INFO(store.status());
    REQUIRE(store.ok());
    SlowExecutions slow(made);
    slow.Begin();
    contract::TestSession session(**store);
    const Counted answer = StartCount(session, slow.space).get();
    INFO(answer.status());
    CHECK(absl::IsDeadlineExceeded(answer.status()));
  }
}

TEST_CASE("postgres: counts hold up no other read") {
  contract::PostgresBackend backend;
  SlowExecutions slow(backend);
  slow.Begin();
  contract::TestSession session(backend.store());
  std::vector<std::future<Counted>> counts;
  for (int i = 0; i < 10; ++i) counts.push_back(StartCount(session, slow.space));
  const auto namespaces = session.Await<absl::StatusOr<std::vector<NamespaceRow>>>(
      [](Session& in, auto done) { in.ListNamespaces(std::move(done)); });
  CHECK(namespaces.ok());
  for (std::future<Counted>& count : counts) {
    CHECK(count.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  }
  for (std::future<Counted>& count : counts) {
    while (count.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) slow.EndCounts();
  }
}

TEST_CASE("postgres: clients are told none of the database's words") {
  contract::PostgresBackend made;
  PostgresOptions options;
  options.target = contract::Database::Shared().Direct();
  auto store = OpenPostgresStore(options);
  REQUIRE(store.ok());
  contract::TestSession session(**store);
  made.admin().Run("ALTER TABLE executions RENAME TO executions_there");
  const auto found =
      session.Await<absl::StatusOr<std::vector<std::optional<Uuid>>>>([](Session& in, auto done) {
        in.FindCurrentRuns({{1, contract::NewUuid(), "id"}}, std::move(done));
      });
  made.admin().Run("ALTER TABLE executions_there RENAME TO executions");
  CHECK(found.status().message() == "the store refused an operation (42P01)");
}

namespace {

// What the store said last of its database.
class Reached final : public StoreObserver {
 public:
  void OnOperation(std::string_view /*operation*/, absl::Duration /*latency*/, bool /*ok*/) override {}
  void OnReach(std::string_view why) override {
    const MutexLock lock(mutex_);
    away_ = !why.empty();
    changed_.NotifyAll();
  }
  void OnRefusal(std::string_view /*operation*/, std::string_view /*words*/) override {}

  void WaitFor(bool away) {
    const MutexLock lock(mutex_);
    changed_.Wait(mutex_, [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return away_ == away; });
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  bool away_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

TEST_CASE("postgres: a database that is silent on a connection that stands is told as away, then as back") {
  const contract::PostgresBackend made;
  Reached reached;
  PostgresOptions options;
  options.target = contract::Database::Shared().Direct();
  options.silence_limit = absl::Milliseconds(50);
  options.observer = &reached;
  auto store = OpenPostgresStore(options);
  REQUIRE(store.ok());
  contract::TestSession session(**store);
  const auto renew = [](Session& in, auto done) {
    NodeRow node;
    node.incarnation = contract::NewUuid();
    node.name = "a";
    in.RenewLease(node, absl::Seconds(9), std::move(done));
  };
  contract::Admin silencer(contract::Database::Shared().Direct());
  silencer.Run("BEGIN; LOCK TABLE nodes");
  auto silent = session.Start<absl::StatusOr<LeaseAnswer>>(renew);
  reached.WaitFor(/*away=*/true);
  silencer.Run("COMMIT");
  CHECK(silent.get().ok());
  reached.WaitFor(/*away=*/false);
}

TEST_CASE("postgres: a commit that a warning goes with is unknown, as where a standby was not awaited") {
  contract::PostgresBackend backend;
  backend.admin().Run(
      "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "RAISE WARNING 'anything'; RETURN NEW; END $$; "
      "CREATE TRIGGER warn BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION warn()");
  contract::TestSession session(backend.store());
  contract::TestWriter writer(session, 1);
  const auto result =
      writer.Try(writer.Next({contract::FirstWrite(contract::NewRunKey(), contract::NewUuid(), "id")}));
  CHECK(result.outcome == CommitOutcome::kUnknown);
  backend.admin().Run("DROP TRIGGER warn ON history; DROP FUNCTION warn()");
  CHECK(writer.Refence().last_batch == 1);
}

}  // namespace perdure::persistence
