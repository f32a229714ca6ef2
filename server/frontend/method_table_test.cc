#include "server/frontend/method_table.h"

#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "google/protobuf/descriptor.h"

namespace perdure::server {

TEST_CASE("the method table names each RPC of both services once, and nothing else") {
  const MethodTable table;
  std::set<std::string> named;
  for (const Method& method : table.methods()) CHECK(named.insert(method.path).second);
  std::set<std::string> described;
  for (const ApiService service : {ApiService::kWorkflow, ApiService::kOperator}) {
    const auto& descriptor = Descriptor(service);
    for (int i = 0; i < descriptor.method_count(); ++i) {
      described.insert("/" + descriptor.full_name() + "/" + descriptor.method(i)->name());
    }
  }
  CHECK(named == described);
  CHECK(Descriptor(ApiService::kWorkflow).method_count() == 123);
  CHECK(Descriptor(ApiService::kOperator).method_count() == 12);
}

TEST_CASE("a method knows its place in the table and its messages") {
  const MethodTable table;
  const Method* poll = table.Find("PollWorkflowTaskQueue");
  REQUIRE(poll != nullptr);
  CHECK(&table.methods()[poll->index] == poll);
  CHECK(poll->spec.polling == Polling::kAlways);
  CHECK(poll->descriptor->input_type()->name() == "PollWorkflowTaskQueueRequest");
}

}  // namespace perdure::server
