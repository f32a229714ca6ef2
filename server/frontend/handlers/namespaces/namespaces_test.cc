// The calls that register, change and list namespaces.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "base/limits.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/testing/fake_call.h"

namespace perdure::server::testing {
namespace {

namespace enums = temporal::api::enums::v1;

api::RegisterNamespaceRequest Registration(const std::string& name) {
  api::RegisterNamespaceRequest request;
  request.set_namespace_(name);
  request.mutable_workflow_execution_retention_period()->set_seconds(7200);
  return request;
}

std::string Register(FakeNode& node, const api::RegisterNamespaceRequest& request) {
  return ErrorOf(node, "RegisterNamespace", request);
}

api::UpdateNamespaceRequest Update(const std::string& name) {
  api::UpdateNamespaceRequest request;
  request.set_namespace_(name);
  return request;
}

std::string ChangeState(FakeNode& node, const std::string& name, enums::NamespaceState state) {
  api::UpdateNamespaceRequest request = Update(name);
  request.mutable_update_info()->set_state(state);
  return ErrorOf(node, "UpdateNamespace", request);
}

// The sizes of all pages, and how many namespaces they have.
std::vector<size_t> PageSizes(FakeNode& node, size_t& namespaces) {
  std::vector<size_t> sizes;
  api::ListNamespacesRequest request;
  request.set_page_size(1000);
  do {
    const auto page = DoCall<api::ListNamespacesResponse>(node, "ListNamespaces", request);
    REQUIRE(page.ok());
    REQUIRE(page->namespaces_size() > 0);
    sizes.push_back(page->ByteSizeLong());
    namespaces += static_cast<size_t>(page->namespaces_size());
    request.set_next_page_token(page->next_page_token());
  } while (!request.next_page_token().empty());
  return sizes;
}

}  // namespace

TEST_CASE("namespaces are registered within the rules, and listed by pages") {
  FakeNode node;
  api::RegisterNamespaceRequest registration = Registration("orders");
  registration.clear_workflow_execution_retention_period();
  CHECK(Register(node, registration) == "A valid retention period is not set on request.");
  CHECK(Register(node, Registration("orders")) == "OK");
  CHECK(Register(node, Registration("orders")) == "Namespace \"orders\" already exists");
  api::ListNamespacesRequest list;
  list.set_page_size(1);
  const auto first = DoCall<api::ListNamespacesResponse>(node, "ListNamespaces", list);
  REQUIRE(first.ok());
  CHECK(first->namespaces(0).namespace_info().name() == "default");
  list.set_next_page_token(first->next_page_token());
  const auto second = DoCall<api::ListNamespacesResponse>(node, "ListNamespaces", list);
  CHECK(second->namespaces(0).namespace_info().name() == "orders");
  CHECK(second->next_page_token().empty());
}

TEST_CASE("an update deprecates a namespace, or says that it is deleted, and there is no way back") {
  FakeNode node;
  REQUIRE(Register(node, Registration("orders")) == "OK");
  const std::string refused = "Invalid namespace state update.";
  CHECK(ChangeState(node, "orders", static_cast<enums::NamespaceState>(7)) == refused);
  CHECK(ChangeState(node, "orders", enums::NAMESPACE_STATE_REGISTERED) == "OK");
  CHECK(ChangeState(node, "orders", enums::NAMESPACE_STATE_UNSPECIFIED) == "OK");
  CHECK(ChangeState(node, "orders", enums::NAMESPACE_STATE_DEPRECATED) == "OK");
  CHECK(ChangeState(node, "orders", enums::NAMESPACE_STATE_DEPRECATED) == "OK");
  CHECK(ChangeState(node, "orders", enums::NAMESPACE_STATE_REGISTERED) == refused);
  const auto described = node.namespaces.ByName("orders");
  CHECK((*described)->record.info().state() == enums::NAMESPACE_STATE_DEPRECATED);
  CHECK(ChangeState(node, "orders", enums::NAMESPACE_STATE_DELETED) == "OK");
  CHECK(ChangeState(node, "orders", enums::NAMESPACE_STATE_REGISTERED) ==
        "Namespace has invalid state: Deleted. Must be Registered or Deprecated.");
  CHECK_FALSE((*node.namespaces.ByName("orders"))->settings.leaving);
}

TEST_CASE("each field that a namespace keeps has a limit") {
  FakeNode node;
  api::RegisterNamespaceRequest request = Registration("orders");
  request.set_description(std::string(limits::kNamespaceDescription + 1, 'x'));
  CHECK(Register(node, request) == "The description's length exceeds the limit of 8192.");
  request = Registration("orders");
  request.set_owner_email(std::string(limits::kIdLength + 1, 'x'));
  CHECK(Register(node, request) == "The length of owner_email exceeds the limit of 1000.");
  request = Registration("orders");
  (*request.mutable_data())[std::string(limits::kIdLength + 1, 'x')] = "";
  CHECK(Register(node, request) == "The length of a key of data exceeds the limit of 1000.");
  request = Registration("orders");
  (*request.mutable_data())["team"] = std::string(limits::kNamespaceSize, 'x');
  CHECK(Register(node, request) ==
        "The size of the namespace, its data included, exceeds the limit of 32768.");
  request = Registration("orders");
  for (size_t i = 0; i <= limits::kNamespaceData; ++i) (*request.mutable_data())[std::to_string(i)] = "";
  CHECK(Register(node, request) == "The number of entries of data exceeds the limit of 100.");
  CHECK_FALSE(node.namespaces.ByName("orders").ok());
}

TEST_CASE("what updates add to a namespace is limited together with what is there") {
  FakeNode node;
  REQUIRE(Register(node, Registration("orders")) == "OK");
  api::UpdateNamespaceRequest update = Update("orders");
  for (size_t i = 0; i < limits::kNamespaceData; ++i) {
    (*update.mutable_update_info()->mutable_data())[std::to_string(i)] = "";
  }
  CHECK(ErrorOf(node, "UpdateNamespace", update) == "OK");
  update = Update("orders");
  (*update.mutable_update_info()->mutable_data())["one more"] = "";
  CHECK(ErrorOf(node, "UpdateNamespace", update) ==
        "The number of entries of data exceeds the limit of 100.");
  update = Update("orders");
  for (size_t i = 0; i <= limits::kBadBinaries; ++i) {
    (*update.mutable_config()->mutable_bad_binaries()->mutable_binaries())[std::to_string(i)];
  }
  CHECK(ErrorOf(node, "UpdateNamespace", update) == "Total resetBinaries cannot exceed the max limit: 10");
  update = Update("orders");
  auto& binary = (*update.mutable_config()->mutable_bad_binaries()->mutable_binaries())["checksum"];
  binary.set_reason(std::string(limits::kIdLength + 1, 'x'));
  CHECK(ErrorOf(node, "UpdateNamespace", update) ==
        "The length of a bad binary's reason exceeds the limit of 1000.");
}

TEST_CASE("a page of namespaces fits in a client's message, and none is left out") {
  FakeNode node;
  constexpr size_t kRegistered = 300;
  for (size_t i = 0; i < kRegistered; ++i) {
    api::RegisterNamespaceRequest request = Registration(fmt::format("namespace-{:03}", i));
    (*request.mutable_data())["notes"] = std::string(limits::kNamespaceSize - 4096, 'x');
    REQUIRE(Register(node, request) == "OK");
  }
  size_t namespaces = 0;
  const std::vector<size_t> sizes = PageSizes(node, namespaces);
  CHECK(namespaces == kRegistered + 1);
  CHECK(sizes.size() > 4);
  for (const size_t size : sizes) CHECK(size <= limits::kListPageBytes + 4096);
}

TEST_CASE("a page of workers fits in a client's message, and none is left out") {
  FakeNode node;
  constexpr size_t kWorkers = 300;
  for (size_t i = 0; i < kWorkers; ++i) {
    api::RecordWorkerHeartbeatRequest request;
    request.set_namespace_("default");
    auto& heartbeat = *request.add_worker_heartbeat();
    heartbeat.set_worker_instance_key(fmt::format("worker-{:03}", i));
    for (int plugin = 0; plugin < 16; ++plugin) heartbeat.add_plugins()->set_name(std::string(900, 'x'));
    REQUIRE(ErrorOf(node, "RecordWorkerHeartbeat", request) == "OK");
  }
  api::ListWorkersRequest request;
  request.set_namespace_("default");
  size_t workers = 0;
  do {
    const auto page = DoCall<api::ListWorkersResponse>(node, "ListWorkers", request);
    REQUIRE(page.ok());
    REQUIRE(page->workers_size() > 0);
    CHECK(page->ByteSizeLong() <= limits::kListPageBytes + 4096);
    workers += static_cast<size_t>(page->workers_size());
    request.set_next_page_token(page->next_page_token());
  } while (!request.next_page_token().empty());
  CHECK(workers == kWorkers);
}

TEST_CASE("a deleted namespace is renamed at once, and its name is free") {
  FakeNode node;
  REQUIRE(Register(node, Registration("orders")) == "OK");
  const NamespacePtr before = *node.namespaces.ByName("orders");
  operator_api::DeleteNamespaceRequest request;
  request.set_namespace_("orders");
  const auto deleted = DoCall<operator_api::DeleteNamespaceResponse>(node, "DeleteNamespace", request);
  REQUIRE(deleted.ok());
  CHECK(deleted->deleted_namespace() == "orders-deleted-" + before->id.ToString().substr(0, 5));
  CHECK_FALSE(node.namespaces.ByName("orders").ok());
  const NamespacePtr after = *node.namespaces.ById(before->id);
  CHECK(after->settings.leaving);
  CHECK(after->record.deletion().former_name() == "orders");
  CHECK(node.namespaces.Snapshot()->leaving.Contains(before->id));
  CHECK(Register(node, Registration("orders")) == "OK");
  CHECK((*node.namespaces.ByName("orders"))->id != before->id);
}

TEST_CASE("a namespace that is being deleted may be deleted again: only its delay changes") {
  FakeNode node;
  REQUIRE(Register(node, Registration("orders")) == "OK");
  operator_api::DeleteNamespaceRequest request;
  request.set_namespace_id((*node.namespaces.ByName("orders"))->id.ToString());
  const auto first = DoCall<operator_api::DeleteNamespaceResponse>(node, "DeleteNamespace", request);
  REQUIRE(first.ok());
  request.mutable_namespace_delete_delay()->set_seconds(60);
  const auto again = DoCall<operator_api::DeleteNamespaceResponse>(node, "DeleteNamespace", request);
  REQUIRE(again.ok());
  CHECK(again->deleted_namespace() == first->deleted_namespace());
  const NamespacePtr left = *node.namespaces.ByName(first->deleted_namespace());
  CHECK(left->record.deletion().row_delay().seconds() == 60);
}

TEST_CASE("the system's and protected namespaces are not deleted, nor one by name and id") {
  FakeNode node;
  node.frontend.settings.protected_namespaces = {"default"};
  operator_api::DeleteNamespaceRequest request;
  CHECK(ErrorOf(node, "DeleteNamespace", request) == "Namespace not set on request.");
  request.set_namespace_("temporal-system");
  CHECK(ErrorOf(node, "DeleteNamespace", request) == "unable to delete system namespace");
  request.set_namespace_("default");
  CHECK(ErrorOf(node, "DeleteNamespace", request) == "namespace default is protected from deletion");
  request.set_namespace_id(node.default_namespace->id.ToString());
  CHECK(ErrorOf(node, "DeleteNamespace", request) ==
        "Only one of namespace name or Id should be set on request.");
  CHECK((*node.namespaces.ByName("default"))->record.info().state() == enums::NAMESPACE_STATE_REGISTERED);
}

TEST_CASE("aliases add search attributes, and take them away") {
  FakeNode node;
  REQUIRE(Register(node, Registration("orders")) == "OK");
  api::UpdateNamespaceRequest update = Update("orders");
  auto& aliases = *update.mutable_config()->mutable_custom_search_attribute_aliases();
  aliases["Int02"] = "Size";
  aliases["Nonsense"] = "Unknown";
  REQUIRE(ErrorOf(node, "UpdateNamespace", update) == "OK");
  const auto types = [&] { return (*node.namespaces.ByName("orders"))->settings.search_attributes; };
  CHECK(types()->at("Size") == enums::INDEXED_VALUE_TYPE_INT);
  CHECK_FALSE(types()->contains("Unknown"));
  aliases.clear();
  aliases["Int02"] = "Other";
  CHECK(ErrorOf(node, "UpdateNamespace", update) == "Custom search attribute field name already allocated.");
  aliases["Int02"] = "";
  CHECK(ErrorOf(node, "UpdateNamespace", update) == "OK");
  CHECK_FALSE(types()->contains("Size"));
}

}  // namespace perdure::server::testing
