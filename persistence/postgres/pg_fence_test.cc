// Fences, and takers of shards, in the way of each other and of batches.
#include <catch2/catch.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "persistence/postgres/testing/postgres_backend.h"

namespace perdure::persistence {

TEST_CASE("postgres: a fence ends a backend that holds the writer's row, however dead its client") {
  contract::PostgresBackend backend(absl::Milliseconds(50));
  contract::TestSession session(backend.store());
  contract::TestWriter writer(session, 1);
  backend.gate().Give(Gate::Order::kStallToLand);
  const RunKey key = contract::NewRunKey();
  const auto lost = writer.Try(writer.Next({contract::FirstWrite(key, contract::NewUuid(), "half sent")}));
  CHECK(lost.outcome == CommitOutcome::kUnknown);
  CHECK(writer.Refence().last_batch == 0);  // nobody has released the batch: it was ended
  backend.gate().Release();
  CHECK(session.Load(key).rows.empty());
  writer.Commit(contract::FirstWrite(key, contract::NewUuid(), "id"));
}

TEST_CASE("postgres: a new row takes the writer's place every ten thousand batches, and fences follow it") {
  contract::PostgresBackend backend;
  contract::TestSession session(backend.store());
  contract::TestWriter writer(session, 1, {1});
  backend.admin().Run("UPDATE writers SET batch = 9998");
  writer.last_batch = 9998;
  for (int i = 0; i < 4; ++i) {
    writer.Commit(contract::FirstWrite(contract::NewRunKey(), contract::NewUuid(), "id"));
    CHECK(backend.admin().Run("SELECT count(*) FROM writers") == "1");
    if (i == 1) CHECK(writer.Refence().last_batch == 10000);
  }
  contract::TestSession other(backend.store());
  contract::TestWriter heir(other, 2, {1});
  CHECK(writer.Try(writer.Next(std::vector<RunWrite>{})).outcome == CommitOutcome::kFenced);
  CHECK(writer.Refence().last_batch == 10002);
}

TEST_CASE("postgres: two takers of a shard that nobody owned do not miss each other") {
  contract::PostgresBackend backend;
  for (ShardId shard = 0; shard < 20; ++shard) {
    contract::TestSession first(backend.store());
    contract::TestSession second(backend.store());
    contract::TestWriter one(first, 1);
    contract::TestWriter two(second, 2);
    auto take = [shard](const contract::TestWriter& writer) {
      return [shard, own = writer.writer](Session& s, auto done) {
        s.TakeShards(own, {shard}, std::move(done));
      };
    };
    auto a = first.Start<absl::StatusOr<bool>>(take(one));
    auto b = second.Start<absl::StatusOr<bool>>(take(two));
    const bool one_took = a.get().ok();
    const bool two_took = b.get().ok();
    const bool both = one_took && two_took;
    const bool one_commits = one.Try(one.Next(std::vector<RunWrite>{})).outcome == CommitOutcome::kCommitted;
    const bool two_commits = two.Try(two.Next(std::vector<RunWrite>{})).outcome == CommitOutcome::kCommitted;
    if (both) CHECK(one_commits != two_commits);
  }
}

TEST_CASE("postgres: two rows of one writer are named, with the way out") {
  contract::PostgresBackend backend;
  contract::TestSession session(backend.store());
  contract::TestWriter writer(session, 1);
  backend.admin().Run("INSERT INTO writers (writer_id, generation, epoch, batch) VALUES (1, 7, 1, 1)");
  const auto fenced = session.Await<absl::StatusOr<FencedWriter>>(
      [](Session& in, auto done) { in.Fence(1, std::move(done)); });
  CHECK(absl::IsFailedPrecondition(fenced.status()));
  CHECK(absl::StrContains(fenced.status().message(), "2 rows of writer 1"));
  CHECK(absl::StrContains(fenced.status().message(), "restore"));
}

}  // namespace perdure::persistence
