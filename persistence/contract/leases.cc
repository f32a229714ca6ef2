// Leases of nodes, who owns the shards, and what only the owner may do.
#include <catch2/catch.hpp>

#include "persistence/contract/harness.h"

namespace perdure::persistence::contract {
namespace {

constexpr absl::Duration kLong = absl::Hours(1);
constexpr absl::Duration kShort = absl::Milliseconds(50);

NodeRow Node(std::string name) {
  NodeRow row;
  row.incarnation = NewUuid();
  row.address = "address of " + name;
  row.name = std::move(name);
  return row;
}

// Asks until the lease is held: it is somebody's, who does not renew it.
Tenure WaitForLease(TestSession& session, const NodeRow& node, absl::Duration duration) {
  for (;;) {
    const LeaseAnswer answer = session.RenewLease(node, duration);
    if (answer.tenure) return *answer.tenure;
  }
}

Tenure Take(TestSession& session, const NodeRow& node, absl::Duration duration = kLong) {
  const LeaseAnswer answer = session.RenewLease(node, duration);
  REQUIRE(answer.tenure.has_value());
  CHECK(answer.tenure->incarnation == node.incarnation);
  CHECK_FALSE(answer.owner.has_value());
  CHECK_FALSE(answer.lost);
  return *answer.tenure;
}

absl::Status TryFence(TestSession& session, uint32_t writer_id) {
  return session
      .Await<absl::StatusOr<FencedWriter>>(
          [=](Session& s, auto done) { s.Fence(writer_id, std::move(done)); })
      .status();
}

absl::Status TryTake(TestSession& session, const Writer& writer, std::vector<ShardId> shards) {
  return session
      .Await<absl::StatusOr<bool>>(
          [=](Session& s, auto done) { s.TakeShards(writer, shards, std::move(done)); })
      .status();
}

}  // namespace

TEST_CASE("store: each node has writers of its own, whether it owns the shards or waits") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  std::vector<NodeRow> nodes = {Node("a"), Node("b"), Node("c")};
  std::vector<uint32_t> first_writers;
  for (NodeRow& node : nodes) {
    node.first_writer = session.RenewLease(node, kLong).first_writer;
    first_writers.push_back(node.first_writer);
  }
  CHECK(first_writers == std::vector<uint32_t>{1, 1 + kWritersOfANode, 1 + 2 * kWritersOfANode});
  for (const NodeRow& node : nodes) CHECK(session.RenewLease(node, kLong).first_writer == node.first_writer);

  // The row is gone, and comes back: with its writers, while nobody else got them.
  session.EndLease(nodes[1].incarnation);
  CHECK(session.RenewLease(nodes[1], kLong).first_writer == nodes[1].first_writer);
  session.EndLease(nodes[1].incarnation);
  CHECK(session.RenewLease(Node("d"), kLong).first_writer == nodes[1].first_writer);
  CHECK(session.RenewLease(nodes[1], kLong).first_writer == 1 + 3 * kWritersOfANode);
}

TEST_CASE("store: one node owns the shards until it gives its lease back") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  const NodeRow first = Node("first");
  const NodeRow second = Node("second");
  const Tenure tenure = Take(session, first);
  CHECK(tenure.term > 0);
  CHECK(Take(session, first) == tenure);  // renewed: nobody can have had it in between
  for (int i = 0; i < 2; ++i) {
    const LeaseAnswer answer = session.RenewLease(second, kLong);
    CHECK_FALSE(answer.tenure.has_value());
    CHECK_FALSE(answer.lost);
    CHECK_FALSE(answer.waits);
    REQUIRE(answer.owner.has_value());
    CHECK(answer.owner->node.incarnation == first.incarnation);
    CHECK(answer.owner->node.name == "first");
    CHECK(answer.owner->node.address == "address of first");
    CHECK(absl::AbsDuration(answer.owner->started - absl::Now()) < absl::Minutes(1));
  }
  session.EndLease(second.incarnation);  // which ends nobody else's
  CHECK(Take(session, first) == tenure);
  session.EndLease(first.incarnation);
  const Tenure next = Take(session, second);
  CHECK(next.term > tenure.term);
  CHECK_FALSE(session.RenewLease(first, kLong).tenure.has_value());
}

TEST_CASE("store: a lease that ended is the next one's, on the database's clock") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestSession other(backend->store());
  const NodeRow first = Node("first");
  const absl::Time before = absl::Now();
  const Tenure tenure = Take(session, first, kShort);
  const Tenure next = WaitForLease(other, Node("second"), kLong);
  CHECK(absl::Now() - before >= kShort - absl::Milliseconds(1));
  CHECK(next.term > tenure.term);
  CHECK_FALSE(session.RenewLease(first, kLong).tenure.has_value());
}

TEST_CASE("store: a lease that lapsed and is had again is another tenure, whoever had it meanwhile") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  const NodeRow first = Node("first");
  const NodeRow second = Node("second");
  const Tenure tenure = Take(session, first, kShort);
  Tenure again = tenure;
  SECTION("nobody") {
    while (again == tenure) {
      const absl::Time until = absl::Now() + 2 * kShort;
      while (absl::Now() < until) {
      }
      again = Take(session, first);
    }
  }
  SECTION("another, which gave it back") {
    WaitForLease(session, second, kLong);
    session.EndLease(second.incarnation);
    again = Take(session, first);
  }
  SECTION("another, whose lease ended in its turn") {
    WaitForLease(session, second, kShort);
    again = WaitForLease(session, first, kLong);
  }
  CHECK(again.term > tenure.term);
  CHECK(Take(session, first) == again);
}

TEST_CASE("store: a younger process of the same name takes the shards at once, and the older learns it") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestSession other(backend->store());
  const NodeRow older = Node("name");
  const NodeRow younger = Node("name");
  const Tenure tenure = Take(session, older);
  const Tenure next = Take(other, younger);
  CHECK(next.term > tenure.term);
  for (int i = 0; i < 2; ++i) {
    const LeaseAnswer answer = session.RenewLease(older, kLong);
    CHECK_FALSE(answer.tenure.has_value());
    CHECK(answer.lost);
    REQUIRE(answer.owner.has_value());
    CHECK(answer.owner->node.incarnation == younger.incarnation);
  }
  CHECK(Take(other, younger) == next);
  // Not even when the younger one has gone.
  other.EndLease(younger.incarnation);
  const LeaseAnswer late = session.RenewLease(older, kLong);
  CHECK_FALSE(late.tenure.has_value());
  CHECK(late.lost);
}

TEST_CASE("store: of two of one name that wait for another node, the older takes nothing from the younger") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  const NodeRow other = Node("other");
  const NodeRow older = Node("name");
  const NodeRow younger = Node("name");
  Take(session, other);
  CHECK_FALSE(session.RenewLease(older, kLong).lost);
  CHECK_FALSE(session.RenewLease(younger, kLong).lost);
  session.EndLease(other.incarnation);
  const Tenure tenure = Take(session, younger);
  CHECK(session.RenewLease(older, kLong).lost);
  CHECK(Take(session, younger) == tenure);
}

TEST_CASE("store: a name that processes took from each other is not taken once more from one that lives") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  std::vector<NodeRow> nodes;
  for (int i = 0; i <= kNameFights; ++i) {
    nodes.push_back(Node("name"));
    Take(session, nodes.back());
    if (i > 0) CHECK(session.RenewLease(nodes[static_cast<size_t>(i) - 1], kLong).lost);
  }
  const NodeRow next = Node("name");
  for (int i = 0; i < 2; ++i) {
    const LeaseAnswer answer = session.RenewLease(next, kLong);
    CHECK_FALSE(answer.tenure.has_value());
    CHECK(answer.waits);
    CHECK_FALSE(answer.lost);
    REQUIRE(answer.owner.has_value());
    CHECK(answer.owner->node.incarnation == nodes.back().incarnation);
  }
  Take(session, nodes.back());  // it was not disturbed
  session.EndLease(nodes.back().incarnation);
  Take(session, next);
}

TEST_CASE("store: processes that died are followed at once, however many") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  for (int i = 0; i < 5; ++i) {
    Take(session, Node("name"));
    CHECK_FALSE(session.RenewLease(Node("another name"), kLong).tenure.has_value());
  }
}

TEST_CASE("store: what acts for a tenure fences and takes shards only while that owns the shards") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestSession successor(backend->store());
  const NodeRow first = Node("name");
  const NodeRow second = Node("name");
  session.ActFor(Take(session, first));
  TestWriter writer(session, 1, {1, 2});
  const Tenure next = Take(successor, second);
  // Its writer is as it was: what it commits is seen by whoever fences it.
  writer.Commit(FirstWrite(NewRunKey(1), NewUuid(), "a"));
  CHECK(absl::IsFailedPrecondition(TryFence(session, 1)));
  CHECK(absl::IsFailedPrecondition(TryFence(session, 9)));
  CHECK(absl::IsFailedPrecondition(TryTake(session, writer.writer, {1, 2, 3})));
  writer.Commit(FirstWrite(NewRunKey(1), NewUuid(), "b"));  // nothing of that came about

  successor.ActFor(next);
  TestWriter heir(successor, 2, {1, 2});
  CHECK(writer.Try(writer.Next({FirstWrite(NewRunKey(1), NewUuid(), "c")})).outcome ==
        CommitOutcome::kFenced);
  CHECK(successor.ReadWakes({2, std::nullopt, absl::InfiniteFuture(), 10}).size() == 2);
  heir.Commit(FirstWrite(NewRunKey(1), NewUuid(), "d"));
}

TEST_CASE("store: the writer's row is told as it is") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  CHECK(session.AskWriter(1).writer.epoch == 0);
  TestWriter writer(session, 1);
  CHECK(session.AskWriter(1).writer.epoch == writer.writer.epoch);
  CHECK(session.AskWriter(1).last_batch == 0);
  writer.Commit(FirstWrite(NewRunKey(), NewUuid(), "id"));
  CHECK(session.AskWriter(1).last_batch == 1);
  CHECK(session.AskWriter(1).writer.epoch == writer.writer.epoch);  // asking fences nobody
  session.Fence(1);
  CHECK(session.AskWriter(1).writer.epoch > writer.writer.epoch);
}

TEST_CASE("store: many claims at once make one owner") {
  auto backend = NewBackend();
  constexpr int kNodes = 6;
  std::vector<std::unique_ptr<TestSession>> sessions;
  std::vector<NodeRow> nodes;
  for (int i = 0; i < kNodes; ++i) {
    sessions.push_back(std::make_unique<TestSession>(backend->store()));
    nodes.push_back(Node("node " + std::to_string(i)));
  }
  uint64_t last_term = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<std::future<absl::StatusOr<LeaseAnswer>>> answers;
    for (size_t i = 0; i < nodes.size(); ++i) {
      answers.push_back(sessions[i]->Start<absl::StatusOr<LeaseAnswer>>(
          [&, i](Session& s, auto done) { s.RenewLease(nodes[i], kLong, std::move(done)); }));
    }
    std::optional<Tenure> owner;
    for (auto& future : answers) {
      const absl::StatusOr<LeaseAnswer> answer = future.get();
      INFO(answer.status().ToString());
      REQUIRE(answer.ok());
      if (!answer->tenure) continue;
      CHECK_FALSE(owner.has_value());
      owner = answer->tenure;
    }
    REQUIRE(owner.has_value());
    CHECK(owner->term > last_term);
    last_term = owner->term;
    sessions.front()->EndLease(owner->incarnation);
  }
}

}  // namespace perdure::persistence::contract
