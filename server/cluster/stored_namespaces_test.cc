#include "server/cluster/stored_namespaces.h"

#include <future>

#include <catch2/catch.hpp>

#include "base/event_loop.h"
#include "persistence/memory/memory_store.h"

namespace perdure::server {
namespace {

// Two nodes on one store.
struct Cluster {
  std::unique_ptr<persistence::MemoryStore> store = persistence::NewMemoryStore({});
  EventLoop loop{"test"};
  std::unique_ptr<persistence::Session> first_session = store->OpenSession(loop);
  std::unique_ptr<persistence::Session> second_session = store->OpenSession(loop);
  StoredNamespaces first{*first_session, loop};
  StoredNamespaces second{*second_session, loop};

  ~Cluster() { loop.Stop(); }
};

template <typename T, typename Call>
absl::StatusOr<T> Wait(Call call) {
  std::promise<absl::StatusOr<T>> promise;
  call([&](absl::StatusOr<T> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

absl::StatusOr<NamespacePtr> Register(StoredNamespaces& node, std::string name) {
  NamespaceRecord record;
  record.mutable_info()->set_name(name);
  record.mutable_config()->mutable_workflow_execution_retention_ttl()->set_seconds(7200);
  return Wait<NamespacePtr>([&](auto done) { node.Register(record, std::move(done)); });
}

absl::StatusOr<NamespacePtr> Describe(StoredNamespaces& node, std::string name, std::string description) {
  return Wait<NamespacePtr>([&](auto done) {
    node.Update(
        name,
        [description](NamespaceRecord& record) {
          record.mutable_info()->set_description(record.info().description() + description);
          return absl::OkStatus();
        },
        std::move(done));
  });
}

absl::StatusOr<bool> Load(StoredNamespaces& node) {
  return Wait<bool>([&](auto done) { node.Load(std::move(done)); });
}

}  // namespace

TEST_CASE("a registered namespace is found by name and by id, with its settings") {
  Cluster cluster;
  const auto made = Register(cluster.first, "orders");
  REQUIRE(made.ok());
  CHECK(*cluster.first.ByName("orders") == *made);
  CHECK(*cluster.first.ById((*made)->id) == *made);
  CHECK((*made)->settings.name == "orders");
  CHECK((*made)->settings.retention == absl::Hours(2));
  CHECK((*made)->record.info().id() == (*made)->id.ToString());
}

TEST_CASE("an unknown namespace is NOT_FOUND, by name and by id") {
  Cluster cluster;
  CHECK(cluster.first.ByName("nope").status().code() == absl::StatusCode::kNotFound);
  CHECK(cluster.first.ById(Uuid{}).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("a name is registered once, also by another node") {
  Cluster cluster;
  REQUIRE(Register(cluster.first, "orders").ok());
  const auto again = Register(cluster.second, "orders");
  CHECK(again.status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(again.status().message() == "Namespace \"orders\" already exists");
}

TEST_CASE("a change meets another node's change and is applied to its result") {
  Cluster cluster;
  REQUIRE(Register(cluster.first, "orders").ok());
  REQUIRE(Load(cluster.second).ok());
  REQUIRE(Describe(cluster.first, "orders", "a").ok());
  const auto changed = Describe(cluster.second, "orders", "b");
  REQUIRE(changed.ok());
  CHECK((*changed)->record.info().description() == "ab");
  CHECK((*cluster.second.ByName("orders"))->record.info().description() == "ab");
}

TEST_CASE("a refused change changes nothing") {
  Cluster cluster;
  REQUIRE(Register(cluster.first, "orders").ok());
  const auto refused = Wait<NamespacePtr>([&](auto done) {
    cluster.first.Update(
        "orders", [](NamespaceRecord&) { return absl::InvalidArgumentError("no"); }, std::move(done));
  });
  CHECK(refused.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK((*cluster.first.ByName("orders"))->version == 1);
}

TEST_CASE("namespaces are limited in number, and in what they take together") {
  Cluster cluster;
  const auto session = cluster.store->OpenSession(cluster.loop);
  StoredNamespaces few(*session, cluster.loop, {}, {.number = 2, .bytes = 1000});
  REQUIRE(Register(few, "orders").ok());
  CHECK(Describe(few, "orders", std::string(1000, 'x')).status().code() ==
        absl::StatusCode::kFailedPrecondition);
  REQUIRE(Describe(few, "orders", std::string(500, 'x')).ok());
  REQUIRE(Register(few, "payments").ok());
  const auto third = Register(few, "returns");
  CHECK(third.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(third.status().message() == "There are 2 namespaces, and no more may be registered.");
  CHECK((*few.ByName("orders"))->record.info().description().size() == 500);
}

}  // namespace perdure::server
