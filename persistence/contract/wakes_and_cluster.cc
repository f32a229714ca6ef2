// Wakes, namespaces, the cluster's id.
#include <catch2/catch.hpp>

#include "persistence/contract/harness.h"

namespace perdure::persistence::contract {
namespace {

RunWrite Wakes(const RunKey& key, std::vector<absl::Time> added, std::vector<absl::Time> removed = {}) {
  RunWrite write;
  write.key = key;
  write.wakes_added = std::move(added);
  write.wakes_removed = std::move(removed);
  return write;
}

absl::Status Put(TestSession& session, NamespaceRow row, int64_t expected_version) {
  auto put = session.Await<absl::StatusOr<bool>>(
      [&](Session& s, auto done) { s.PutNamespace(row, expected_version, std::move(done)); });
  if (put.ok()) CHECK(*put);
  return put.status();
}

std::vector<NamespaceRow> Namespaces(TestSession& session) {
  auto rows = session.Await<absl::StatusOr<std::vector<NamespaceRow>>>(
      [](Session& s, auto done) { s.ListNamespaces(std::move(done)); });
  REQUIRE(rows.ok());
  return *rows;
}

Uuid ClusterId(TestSession& session, const Uuid& candidate) {
  auto id = session.Await<absl::StatusOr<Uuid>>(
      [&](Session& s, auto done) { s.ClusterId(candidate, std::move(done)); });
  REQUIRE(id.ok());
  return *id;
}

}  // namespace

TEST_CASE("store: wakes are read in the order of their times, shards and runs") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1, {1, 2});
  std::vector<WakeRow> expected;
  for (int i = 0; i < 12; ++i) {
    const RunKey key = NewRunKey(static_cast<ShardId>(1 + i % 2));
    writer.Commit(Wakes(key, {At(100 + i % 3), At(50)}));
    expected.push_back({At(100 + i % 3), key});
    expected.push_back({At(50), key});
  }
  std::sort(expected.begin(), expected.end());
  CHECK(session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 100}) == expected);

  std::vector<WakeRow> paged;
  std::optional<WakeRow> after;
  for (;;) {
    const auto page = session.ReadWakes({1, after, absl::InfiniteFuture(), 5});
    CHECK(page.size() <= 5);
    if (page.empty()) break;
    paged.insert(paged.end(), page.begin(), page.end());
    after = page.back();
  }
  CHECK(paged == expected);
  CHECK(session.ReadWakes({1, std::nullopt, At(50), 100}).size() == 12);
  CHECK(session.ReadWakes({1, std::nullopt, At(49), 100}).empty());
}

TEST_CASE("store: a wake that is there, or that is one microsecond with another, is one row") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1, {1});
  const RunKey key = NewRunKey(1);
  const RunKey other = NewRunKey(1);
  const absl::Duration part = absl::Nanoseconds(1);
  writer.Commit(Wakes(key, {At(5), At(5) + part, At(6)}));
  writer.Commit(Wakes(key, {At(5) + part, At(7)}, {At(6)}));
  writer.Commit(Wakes(key, {At(7)}, {At(7)}));
  writer.Commit(Wakes(other, {At(5)}));
  std::vector<WakeRow> expected = {{At(5), key}, {At(7), key}, {At(5), other}};
  std::sort(expected.begin(), expected.end());
  CHECK(session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 100}) == expected);
}

TEST_CASE("store: wakes are those of the shards that the writer owns now") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter first(session, 1, {1, 2});
  first.Commit({Wakes(NewRunKey(1), {At(1)}), Wakes(NewRunKey(2), {At(2)}), Wakes(NewRunKey(3), {At(3)})});
  CHECK(session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 10}).size() == 2);
  TestWriter second(session, 2, {2});
  CHECK(session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 10}).size() == 1);
  CHECK(session.ReadWakes({2, std::nullopt, absl::InfiniteFuture(), 10}).size() == 1);
  CHECK(session.ReadWakes({3, std::nullopt, absl::InfiniteFuture(), 10}).empty());
}

TEST_CASE("store: a wake is added and removed any number of times") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1, {1});
  const RunKey key = NewRunKey();
  writer.Commit(Wakes(key, {At(1), At(1), At(2)}));
  writer.Commit(Wakes(key, {At(1)}));
  CHECK(session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 10}).size() == 2);
  writer.Commit(Wakes(key, {At(2), At(3)}, {At(1), At(1), At(2), At(9)}));
  const auto rows = session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 10});
  CHECK(rows == std::vector<WakeRow>{{At(2), key}, {At(3), key}});
  // To the microsecond, as everything.
  writer.Commit(Wakes(key, {absl::FromUnixNanos(5'000'000'999)}, {At(2) + absl::Nanoseconds(3), At(3)}));
  CHECK(session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 10}) ==
        std::vector<WakeRow>{{absl::FromUnixMicros(5'000'000), key}});
}

TEST_CASE("store: a namespace is put against its version") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  CHECK(Namespaces(session).empty());
  NamespaceRow row{NewUuid(), "name", 1, std::string("\0data", 5)};
  REQUIRE(Put(session, row, 0).ok());
  CHECK(absl::IsAlreadyExists(Put(session, row, 0)));
  CHECK(absl::IsAlreadyExists(Put(session, {NewUuid(), "name", 1, ""}, 0)));
  CHECK(absl::IsAlreadyExists(Put(session, {row.id, "other", 1, ""}, 0)));
  CHECK(absl::IsAborted(Put(session, row, 7)));
  CHECK(absl::IsAborted(Put(session, {NewUuid(), "none", 1, ""}, 1)));
  row.version = 2;
  row.data = "changed";
  REQUIRE(Put(session, row, 1).ok());
  CHECK(absl::IsAborted(Put(session, row, 1)));
  const NamespaceRow second{NewUuid(), "second", 1, ""};
  REQUIRE(Put(session, second, 0).ok());
  CHECK(absl::IsAlreadyExists(Put(session, {second.id, "name", 2, ""}, 1)));
  const auto rows = Namespaces(session);
  REQUIRE(rows.size() == 2);
  const NamespaceRow& stored = rows[rows[0].id == row.id ? 0 : 1];
  CHECK(stored.id == row.id);
  CHECK(stored.name == "name");
  CHECK(stored.version == 2);
  CHECK(stored.data == "changed");
}

TEST_CASE("store: the cluster's id is the first one's candidate for ever") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestSession other(backend->store());
  const Uuid id = NewUuid();
  CHECK(ClusterId(session, id) == id);
  CHECK(ClusterId(other, NewUuid()) == id);
  CHECK(ClusterId(session, NewUuid()) == id);
}

TEST_CASE("store: a namespace is renamed, its old name is free, and it is removed against its version") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  const auto remove = [&](const Uuid& id, int64_t version) {
    return session.Await<absl::StatusOr<bool>>(
        [&](Session& s, auto done) { s.RemoveNamespace(id, version, std::move(done)); });
  };
  NamespaceRow row{NewUuid(), "orders", 1, "data"};
  REQUIRE(Put(session, row, 0).ok());
  row.name = "orders-deleted";
  row.version = 2;
  REQUIRE(Put(session, row, 1).ok());
  const NamespaceRow again{NewUuid(), "orders", 1, ""};
  REQUIRE(Put(session, again, 0).ok());
  NamespaceRow taken = row;
  taken.name = "orders";
  taken.version = 3;
  CHECK(absl::IsAlreadyExists(Put(session, taken, 2)));
  CHECK(absl::IsAborted(remove(row.id, 1).status()));
  CHECK(Namespaces(session).size() == 2);
  CHECK(*remove(row.id, 2));
  CHECK_FALSE(*remove(row.id, 2));
  const auto left = Namespaces(session);
  REQUIRE(left.size() == 1);
  CHECK(left[0].id == again.id);
}

}  // namespace perdure::persistence::contract
