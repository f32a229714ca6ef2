// How calls and their errors are counted: what dashboards and alerts read.
#include "server/frontend/call_metrics.h"

#include <string>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "server/frontend/actions.h"
#include "server/frontend/call_errors.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/testing/fake_call.h"
#include "server/metrics/prometheus_metrics.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::server::testing {
namespace {

namespace enums = temporal::api::enums::v1;

struct Counted {
  FakeNode node;
  PrometheusMetrics metrics;
  CallMetrics calls{node.methods, metrics};

  void Answer(std::string_view method, const absl::Status& status) {
    calls.OnAnswered(*node.methods.Find(method), node.default_namespace, status, absl::Seconds(1));
  }
  bool Shows(const std::string& metric, const std::string& method, int value) const {
    return absl::StrContains(metrics.Text(),
                             absl::StrCat("\n", metric, R"({namespace="default",operation=")", method,
                                          R"(",service_name="frontend"} )", value, "\n"));
  }
  bool ShowsError(const std::string& type, int value) const {
    return absl::StrContains(metrics.Text(),
                             absl::StrCat(R"(service_error_with_type{error_type=")", type,
                                          R"(",namespace="default",operation="DescribeNamespace",)",
                                          R"(service_name="frontend"} )", value, "\n"));
  }
};

}  // namespace

TEST_CASE("a client's mistake is an error by its type, and does not lower the availability") {
  Counted counted;
  for (const absl::Status& mistake :
       {NotFound("no run"), NamespaceNotFound("nowhere"), InvalidArgument("no"),
        NamespaceAlreadyExists("it is there"), absl::CancelledError("gone"),
        OfCaller(absl::InternalError("no request")), OfCaller(absl::ResourceExhaustedError("too large")),
        ResourceExhausted("busy", enums::RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT,
                          enums::RESOURCE_EXHAUSTED_SCOPE_NAMESPACE)}) {
    counted.Answer("DescribeNamespace", mistake);
  }
  CHECK(counted.Shows("service_requests", "DescribeNamespace", 8));
  CHECK(counted.Shows("service_errors", "DescribeNamespace", 0));
  CHECK(counted.Shows("service_errors_entity_not_found", "DescribeNamespace", 2));
  for (const char* type :
       {"serviceerror_NotFound", "serviceerror_NamespaceNotFound", "serviceerror_InvalidArgument",
        "serviceerror_NamespaceAlreadyExists", "serviceerror_Canceled", "serviceerror_Internal"}) {
    CAPTURE(type);
    CHECK(counted.ShowsError(type, 1));
  }
  CHECK(counted.ShowsError("serviceerror_ResourceExhausted", 2));
}

TEST_CASE("what the server could not do lowers the availability") {
  Counted counted;
  for (const absl::Status& failure :
       {Unavailable("no lease"), absl::InternalError("a bug"), absl::DataLossError("lost"),
        absl::UnknownError("?"), absl::DeadlineExceededError("late"), absl::UnimplementedError("not built"),
        ResourceExhausted("busy", enums::RESOURCE_EXHAUSTED_CAUSE_SYSTEM_OVERLOADED,
                          enums::RESOURCE_EXHAUSTED_SCOPE_SYSTEM)}) {
    counted.Answer("DescribeNamespace", failure);
  }
  CHECK(counted.Shows("service_errors", "DescribeNamespace", 7));
  CHECK(absl::StrContains(counted.metrics.Text(),
                          R"(service_errors_resource_exhausted{namespace="default",)"
                          R"(operation="DescribeNamespace",resource_exhausted_cause="SystemOverloaded",)"
                          R"(resource_exhausted_scope="System",service_name="frontend"} 1)"));
}

TEST_CASE("a start whose id is taken is counted as such") {
  Counted counted;
  temporal::api::errordetails::v1::WorkflowExecutionAlreadyStartedFailure detail;
  counted.Answer("StartWorkflowExecution", WithDetail(absl::AlreadyExistsError("started"), detail));
  CHECK(counted.Shows("service_errors_execution_already_started", "StartWorkflowExecution", 1));
  CHECK(counted.Shows("service_errors", "StartWorkflowExecution", 0));
}

TEST_CASE("actions: calls that are one, and what the others did") {
  Counted counted;
  counted.Answer("SignalWorkflowExecution", absl::OkStatus());
  counted.Answer("SignalWorkflowExecution", NotFound("no run"));
  counted.Answer("DescribeNamespace", absl::OkStatus());
  counted.calls.OnActions(*counted.node.methods.Find("RespondWorkflowTaskCompleted"),
                          counted.node.default_namespace, {"command_StartTimer", "command_StartTimer"});
  const std::string text = counted.metrics.Text();
  CHECK(absl::StrContains(text, R"(action{action_type="grpc_SignalWorkflowExecution",namespace="default",)"
                                R"(operation="SignalWorkflowExecution",service_name="frontend"} 1)"));
  CHECK(absl::StrContains(text, R"(action{action_type="command_StartTimer",namespace="default",)"
                                R"(operation="RespondWorkflowTaskCompleted",service_name="frontend"} 2)"));
  CHECK_FALSE(absl::StrContains(text, "grpc_DescribeNamespace"));
}

}  // namespace perdure::server::testing
