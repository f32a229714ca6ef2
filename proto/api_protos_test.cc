#include <google/protobuf/descriptor.h>

#include <catch2/catch.hpp>

#include "temporal/api/namespace/v1/message.pb.h"

namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::ServiceDescriptor;

const ServiceDescriptor* FindService(const char* name) {
  return DescriptorPool::generated_pool()->FindServiceByName(name);
}

TEST_CASE("the services' descriptors are linked although nothing names them") {
  const ServiceDescriptor* workflow = FindService("temporal.api.workflowservice.v1.WorkflowService");
  REQUIRE(workflow != nullptr);
  CHECK(workflow->method_count() == 123);
  CHECK(workflow->FindMethodByName("StartWorkflowExecution") != nullptr);
  const ServiceDescriptor* operator_service = FindService("temporal.api.operatorservice.v1.OperatorService");
  REQUIRE(operator_service != nullptr);
  CHECK(operator_service->method_count() == 12);
  CHECK(FindService("grpc.health.v1.Health") != nullptr);
}

TEST_CASE("a package named like a C++ keyword keeps its name on the wire") {
  const auto* descriptor = temporal::api::namespace_::v1::NamespaceInfo::descriptor();
  CHECK(descriptor->full_name() == "temporal.api.namespace.v1.NamespaceInfo");
}

}  // namespace
