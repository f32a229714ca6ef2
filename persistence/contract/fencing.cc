#include <catch2/catch.hpp>

#include "persistence/contract/harness.h"

namespace perdure::persistence::contract {

TEST_CASE("store: each fence raises the epoch and tells the last batch") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  const FencedWriter first = session.Fence(7);
  CHECK(first.writer.id == 7);
  CHECK(first.last_batch == 0);
  TestWriter writer(session, 7);
  CHECK(writer.writer.epoch > first.writer.epoch);
  writer.Commit(FirstWrite(NewRunKey(), NewUuid(), "a"));
  writer.Commit(FirstWrite(NewRunKey(), NewUuid(), "b"));
  const uint64_t epoch = writer.writer.epoch;
  CHECK(writer.Refence().last_batch == 2);
  CHECK(writer.writer.epoch > epoch);
  writer.Commit(FirstWrite(NewRunKey(), NewUuid(), "c"));
  CHECK(session.Fence(8).last_batch == 0);
}

TEST_CASE("store: a fenced writer's batch comes to nothing as a whole") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestSession successor(backend->store());
  const Uuid space = NewUuid();
  TestWriter writer(session, 1, {1});
  const RunKey old = NewRunKey();
  writer.Commit(FirstWrite(old, space, "old"));
  successor.Fence(1);

  RunWrite everything = FirstWrite(NewRunKey(), space, "new");
  everything.snapshot = SnapshotRow{1, 3, "state"};
  RunWrite deletion;
  deletion.key = old;
  deletion.deleted.emplace();
  const CommitResult result = writer.Try(writer.Next({everything, deletion}));
  CHECK(result.outcome == CommitOutcome::kFenced);
  CHECK(session.Load(everything.key).rows.empty());
  CHECK_FALSE(session.Load(everything.key).snapshot.has_value());
  CHECK(session.FindCurrent({1, space, "new"}) == std::nullopt);
  CHECK(session.Load(old).rows.size() == 1);
  CHECK(session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 10}).size() == 1);
  CHECK(writer.Refence().last_batch == 1);
  writer.Commit(everything);
}

TEST_CASE("store: fencing is recognized even where the batch's data would be refused") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  const Uuid space = NewUuid();
  TestWriter writer(session, 1);
  writer.Commit(FirstWrite(NewRunKey(), space, "taken"));
  session.Fence(1);
  CHECK(writer.Try(writer.Next({FirstWrite(NewRunKey(), space, "taken")})).outcome == CommitOutcome::kFenced);
}

TEST_CASE("store: a batch that repeats a number, or leaves one out, is fenced") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  writer.Commit(FirstWrite(NewRunKey(), NewUuid(), "id"));
  Batch repeated = writer.Next({FirstWrite(NewRunKey(), NewUuid(), "id")});
  repeated.number = 1;
  CHECK(writer.Try(repeated).outcome == CommitOutcome::kFenced);
  repeated.number = 3;
  CHECK(writer.Try(repeated).outcome == CommitOutcome::kFenced);
  CHECK(session.Fence(1).last_batch == 1);
}

TEST_CASE("store: a writer that was never fenced cannot commit") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  Batch batch{{99, 1}, 1, {{{FirstWrite(NewRunKey(), NewUuid(), "id")}}}};
  CHECK(session.Commit(batch).outcome == CommitOutcome::kFenced);
}

TEST_CASE("store: taking shards fences those who owned them, and nobody else") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter first(session, 1, {1, 2, 3});
  TestWriter second(session, 2, {4, 5});
  TestWriter third(session, 3, {6});
  session.TakeShards(third.writer, {3, 4, 6, 7});
  CHECK(first.Try(first.Next({FirstWrite(NewRunKey(1), NewUuid(), "a")})).outcome == CommitOutcome::kFenced);
  CHECK(second.Try(second.Next({FirstWrite(NewRunKey(5), NewUuid(), "a")})).outcome ==
        CommitOutcome::kFenced);
  third.Commit({FirstWrite(NewRunKey(3), NewUuid(), "a"), FirstWrite(NewRunKey(7), NewUuid(), "a")});
  first.Refence();
  first.Commit(FirstWrite(NewRunKey(1), NewUuid(), "a"));
  // The first has lost shard 3, but keeps its others.
  session.TakeShards(second.Refence().writer, {1});
  CHECK(first.Try(first.Next({FirstWrite(NewRunKey(2), NewUuid(), "a")})).outcome == CommitOutcome::kFenced);
}

TEST_CASE("store: taking shards that one owns already fences nobody") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1, {1, 2});
  session.TakeShards(writer.writer, {2, 1});
  writer.Commit(FirstWrite(NewRunKey(1), NewUuid(), "a"));
}

TEST_CASE("store: a fenced writer takes no shards") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter owner(session, 1, {1});
  TestWriter late(session, 2);
  session.Fence(2);
  auto taken = session.Await<absl::StatusOr<bool>>(
      [&](Session& s, auto done) { s.TakeShards(late.writer, {1}, std::move(done)); });
  CHECK(absl::IsFailedPrecondition(taken.status()));
  owner.Commit(FirstWrite(NewRunKey(1), NewUuid(), "a"));  // not fenced
}

TEST_CASE("store: all shards are taken at once") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  std::vector<ShardId> all;
  for (ShardId shard = 0; shard < kShardCount; ++shard) all.push_back(shard);
  TestWriter writer(session, 1, all);
  writer.Commit(
      {FirstWrite(NewRunKey(0), NewUuid(), "a"), FirstWrite(NewRunKey(kShardCount - 1), NewUuid(), "b")});
  CHECK(session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 10}).size() == 2);
}

}  // namespace perdure::persistence::contract
