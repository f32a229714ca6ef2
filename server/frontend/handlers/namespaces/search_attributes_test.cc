// The calls that add, remove and show a namespace's search attributes.
#include <string>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "base/limits.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/testing/fake_call.h"

namespace perdure::server::testing {
namespace {

namespace enums = temporal::api::enums::v1;

std::string Add(FakeNode& node, const std::string& name, enums::IndexedValueType type,
                const std::string& name_space = "default") {
  operator_api::AddSearchAttributesRequest request;
  request.set_namespace_(name_space);
  (*request.mutable_search_attributes())[name] = type;
  return ErrorOf(node, "AddSearchAttributes", request);
}

std::string Remove(FakeNode& node, const std::string& name, const std::string& name_space = "default") {
  operator_api::RemoveSearchAttributesRequest request;
  request.set_namespace_(name_space);
  request.add_search_attributes(name);
  return ErrorOf(node, "RemoveSearchAttributes", request);
}

operator_api::ListSearchAttributesResponse List(FakeNode& node) {
  operator_api::ListSearchAttributesRequest request;
  request.set_namespace_("default");
  const auto listed =
      DoCall<operator_api::ListSearchAttributesResponse>(node, "ListSearchAttributes", request);
  REQUIRE(listed.ok());
  return *listed;
}

std::string Start(FakeNode& node, const std::string& name, const std::string& json) {
  api::StartWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.set_workflow_id("order");
  request.mutable_workflow_type()->set_name("Order");
  request.mutable_task_queue()->set_name("orders");
  auto& payload = (*request.mutable_search_attributes()->mutable_indexed_fields())[name];
  (*payload.mutable_metadata())["encoding"] = "json/plain";
  payload.set_data(json);
  return ErrorOf(node, "StartWorkflowExecution", request);
}

}  // namespace

TEST_CASE("an attribute that is added is good at once, and keeps its type") {
  FakeNode node;
  CHECK(Start(node, "Size", "5") == "Namespace default has no mapping defined for search attribute Size");
  REQUIRE(Add(node, "Size", enums::INDEXED_VALUE_TYPE_INT) == "OK");
  CHECK(List(node).custom_attributes().at("Size") == enums::INDEXED_VALUE_TYPE_INT);
  CHECK(Start(node, "Size", "5") == "OK");
  CHECK(Start(node, "Size", "\"x\"") == "invalid value for search attribute Size of type Int: x");
  CHECK(Add(node, "Size", enums::INDEXED_VALUE_TYPE_KEYWORD) == "OK");
  CHECK(List(node).custom_attributes().at("Size") == enums::INDEXED_VALUE_TYPE_INT);
  api::CountWorkflowExecutionsRequest count;
  count.set_namespace_("default");
  count.set_query("Size > 3");
  CHECK(ErrorOf(node, "CountWorkflowExecutions", count) == "OK");
  REQUIRE(Remove(node, "Size") == "OK");
  CHECK(ErrorOf(node, "CountWorkflowExecutions", count) == "invalid query: invalid search attribute: Size");
  CHECK(Start(node, "Size", "5") == "Namespace default has no mapping defined for search attribute Size");
  REQUIRE(Add(node, "Size", enums::INDEXED_VALUE_TYPE_KEYWORD) == "OK");
  CHECK(Start(node, "Size", "\"x\"") == "OK");
}

TEST_CASE("what is refused of attributes changes nothing") {
  FakeNode node;
  const auto before = List(node).SerializeAsString();
  CHECK(ErrorOf(node, "AddSearchAttributes", operator_api::AddSearchAttributesRequest()) ==
        "SearchAttributes are not set on request.");
  for (const char* name : {"WorkflowId", "BuildIds", "TemporalAnything", "NamespaceId"}) {
    CHECK(Add(node, name, enums::INDEXED_VALUE_TYPE_INT) ==
          fmt::format("Search attribute {} is reserved by system.", name));
  }
  CHECK(Add(node, "A", static_cast<enums::IndexedValueType>(99)) == "Unknown search attribute type: 99.");
  CHECK(Add(node, "A", enums::INDEXED_VALUE_TYPE_UNSPECIFIED) ==
        "Unable to create search attributes: cannot have more than 0 search attribute of type Unspecified.");
  CHECK(Add(node, "A", enums::INDEXED_VALUE_TYPE_INT, "") == "Namespace is not set on request.");
  CHECK(Add(node, "A", enums::INDEXED_VALUE_TYPE_INT, "nowhere") == "Namespace nowhere is not found.");
  CHECK(Add(node, "", enums::INDEXED_VALUE_TYPE_INT) == "OK");
  CHECK(Add(node, std::string(limits::kSearchAttributeName + 1, 'a'), enums::INDEXED_VALUE_TYPE_INT)
            .find("is longer than 255 bytes.") != std::string::npos);
  CHECK(ErrorOf(node, "RemoveSearchAttributes", operator_api::RemoveSearchAttributesRequest()) ==
        "SearchAttributes are not set on request.");
  CHECK(Remove(node, "A", "") == "Namespace is not set on request.");
  CHECK(Remove(node, "A", "nowhere") == "Namespace nowhere is not found.");
  CHECK(Remove(node, "A") == "OK");
  CHECK(Remove(node, "WorkflowId") == "Unable to remove non-custom search attributes: WorkflowId.");
  CHECK(Remove(node, "Colour") ==
        "Unable to remove search attribute Colour: the server's configuration has it.");
  CHECK(List(node).SerializeAsString().size() == before.size());
}

TEST_CASE("a namespace has a thousand attributes at most, each with a name of any length that is allowed") {
  FakeNode node;
  operator_api::AddSearchAttributesRequest request;
  request.set_namespace_("default");
  for (size_t i = 0; i < limits::kCustomSearchAttributes; ++i) {
    (*request.mutable_search_attributes())[fmt::format("{:0>{}}", i, limits::kSearchAttributeName)] =
        enums::INDEXED_VALUE_TYPE_KEYWORD;
  }
  REQUIRE(ErrorOf(node, "AddSearchAttributes", request) == "OK");
  CHECK(Add(node, "OneMore", enums::INDEXED_VALUE_TYPE_TEXT) ==
        "Unable to create search attributes: cannot have more than 1000.");
  CHECK(List(node).custom_attributes_size() == limits::kCustomSearchAttributes + 1);  // Colour is everybody's
  api::UpdateNamespaceRequest update;
  update.set_namespace_("default");
  update.mutable_update_info()->set_description("changed");
  CHECK(ErrorOf(node, "UpdateNamespace", update) == "OK");
}

TEST_CASE("the call without a namespace tells of attributes that every namespace has") {
  FakeNode node;
  REQUIRE(Add(node, "Size", enums::INDEXED_VALUE_TYPE_INT) == "OK");
  const auto got = DoCall<api::GetSearchAttributesResponse>(node, "GetSearchAttributes",
                                                            api::GetSearchAttributesRequest());
  REQUIRE(got.ok());
  CHECK(got->keys().at("WorkflowId") == enums::INDEXED_VALUE_TYPE_KEYWORD);
  CHECK_FALSE(got->keys().contains("Size"));
}

}  // namespace perdure::server::testing
