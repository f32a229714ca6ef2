// What goes wrong between a store and its database. A store without a connection has only the last of these.
#include <catch2/catch.hpp>

#include "persistence/contract/harness.h"

namespace perdure::persistence::contract {
namespace {

// Stalls a batch of `writer`, and returns the run that it writes once its client has been cut off.
RunKey StallOne(Backend& backend, TestWriter& writer, const Uuid& space) {
  const RunKey key = NewRunKey(1);
  backend.StallNextBatch();
  const CommitResult result = writer.Try(writer.Next({FirstWrite(key, space, "stalled")}));
  INFO(result.message);
  REQUIRE(result.outcome == CommitOutcome::kUnknown);
  return key;
}

}  // namespace

TEST_CASE("store: an unknown batch that landed is told by the fence, and is visible from then on") {
  auto backend = NewBackend();
  if (!backend->HasConnection()) return;
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  writer.Commit(FirstWrite(NewRunKey(), NewUuid(), "before"));
  const RunKey key = NewRunKey();
  backend->LoseNextAnswer(Backend::Loss::kLanded);
  const CommitResult result = writer.Try(writer.Next({FirstWrite(key, NewUuid(), "id")}));
  CHECK(result.outcome == CommitOutcome::kUnknown);
  CHECK_FALSE(result.message.empty());
  CHECK(writer.Refence().last_batch == 2);
  CHECK(session.Load(key).rows.size() == 1);
  writer.Commit(FirstWrite(NewRunKey(), NewUuid(), "after"));
}

TEST_CASE("store: an unknown batch that did not land is told by the fence, and never lands") {
  auto backend = NewBackend();
  if (!backend->HasConnection()) return;
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  writer.Commit(FirstWrite(NewRunKey(), NewUuid(), "before"));
  const RunKey key = NewRunKey();
  backend->LoseNextAnswer(Backend::Loss::kNeverSent);
  CHECK(writer.Try(writer.Next({FirstWrite(key, NewUuid(), "id")})).outcome == CommitOutcome::kUnknown);
  CHECK(writer.Refence().last_batch == 1);
  CHECK(session.Load(key).rows.empty());
  writer.Commit(FirstWrite(key, NewUuid(), "id"));
}

TEST_CASE("store: after a fence, a batch that was stalled inside the database is visible or impossible") {
  auto backend = NewBackend();
  if (!backend->HasConnection()) return;
  TestSession session(backend->store());
  const Uuid space = NewUuid();
  TestWriter writer(session, 1, {1});
  const RunKey key = StallOne(*backend, writer, space);

  TestSession successor(backend->store());
  TestWriter heir(successor, 1);  // its fence waits until the database has decided
  const bool landed = heir.last_batch == 1;
  CHECK((successor.Load(key).rows.size() == 1) == landed);
  backend->ReleaseStalledBatch();
  heir.Commit(FirstWrite(NewRunKey(2), space, "after"));
  CHECK((successor.Load(key).rows.size() == 1) == landed);
  CHECK((successor.FindCurrent({1, space, "stalled"}) == key.run_id) == landed);
  // Its connection was cut off a moment ago: until it has a new one, nothing is sent.
  CommitOutcome zombie = CommitOutcome::kFailed;
  while (zombie == CommitOutcome::kFailed) {
    zombie = writer.Try(writer.Next({FirstWrite(key, space, "zombie")})).outcome;
  }
  CHECK(zombie == CommitOutcome::kFenced);
}

TEST_CASE("store: after a hand-over, a batch of the old owner that was stalled is visible or impossible") {
  auto backend = NewBackend();
  if (!backend->HasConnection()) return;
  TestSession session(backend->store());
  const Uuid space = NewUuid();
  TestWriter writer(session, 1, {1});
  const RunKey key = StallOne(*backend, writer, space);

  TestSession successor(backend->store());
  TestWriter heir(successor, 2, {1});
  const bool landed = successor.Load(key).rows.size() == 1;
  backend->ReleaseStalledBatch();
  heir.Commit(FirstWrite(NewRunKey(1), space, "after"));
  CHECK((successor.Load(key).rows.size() == 1) == landed);
  CHECK(successor.ReadWakes({2, std::nullopt, absl::InfiniteFuture(), 10}).size() == (landed ? 2 : 1));
  CHECK((successor.Fence(1).last_batch == 1) == landed);
}

TEST_CASE("store: the session goes on after its connection broke") {
  auto backend = NewBackend();
  if (!backend->HasConnection()) return;
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  for (int i = 0; i < 3; ++i) {
    backend->LoseNextAnswer(i % 2 == 0 ? Backend::Loss::kLanded : Backend::Loss::kNeverSent);
    writer.Try(writer.Next({FirstWrite(NewRunKey(), NewUuid(), "lost")}));
    writer.Refence();
    writer.Commit(FirstWrite(NewRunKey(), NewUuid(), "kept"));
  }
  CHECK(writer.last_batch == 5);
}

TEST_CASE("store: a store that comes back without its last batches shows it by a lower last batch") {
  auto backend = NewBackend();
  const Uuid space = NewUuid();
  const RunKey kept = NewRunKey();
  const RunKey lost = NewRunKey();
  uint64_t remembered = 0;
  {
    TestSession session(backend->store());
    TestWriter writer(session, 1);
    writer.Commit(FirstWrite(kept, space, "kept"));
  }
  backend->Save();
  {
    TestSession session(backend->store());
    TestWriter writer(session, 1);
    RunWrite more;
    more.key = kept;
    more.history = {Row(2, 3, 1, "lost")};
    more.snapshot = SnapshotRow{2, 4, "lost"};
    more.wakes_removed = {At(1010)};
    writer.Commit({more, FirstWrite(lost, space, "lost")});
    RunWrite deletion;
    deletion.key = kept;
    deletion.deleted.emplace();
    writer.Commit(deletion);
    remembered = writer.last_batch;
  }
  backend->GoBack();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  CHECK(writer.last_batch == 1);
  CHECK(remembered == 3);
  CHECK(session.Load(kept).rows.size() == 1);
  CHECK_FALSE(session.Load(kept).snapshot.has_value());
  CHECK(session.Load(lost).rows.empty());
  VisibilityQuery all;
  all.namespace_id = space;
  CHECK(session.Count(all) == 1);
  CHECK(session.FindCurrent({1, space, "kept"}) == kept.run_id);
  session.TakeShards(writer.writer, {1});
  CHECK(session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 10}).size() == 1);
  RunWrite other;
  other.key = kept;
  other.history = {Row(2, 3, 1, "another future")};
  writer.Commit(other);
}

}  // namespace perdure::persistence::contract
