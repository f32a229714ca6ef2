#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/frontend/handlers/handlers.h"
#include "server/frontend/testing/fake_call.h"

namespace perdure::server::testing {
namespace {

// Allows reads only, and remembers what it was asked.
class ReadsOnly final : public Authorizer {
 public:
  explicit ReadsOnly(std::vector<std::string>& asked) : asked_(asked) {}

  absl::Status Authorize(const AuthorizationRequest& request) const override {
    asked_.push_back(std::string(request.operation) + " of " + std::string(request.name_space) + " by " +
                     std::string(request.credentials));
    if (request.access == Access::kRead) return absl::OkStatus();
    return absl::PermissionDeniedError("reads only");
  }
  std::string_view Description() const override { return "reads only"; }

 private:
  std::vector<std::string>& asked_;
};

absl::StatusCode CodeOf(FakeNode& node, std::string_view method, const std::string& request,
                        CallSettings settings = {}) {
  return StartCall(node, method, request, std::move(settings))->answer->status().code();
}

CallSettings Bearer() {
  CallSettings settings;
  settings.authorization = "Bearer x";
  return settings;
}

}  // namespace

TEST_CASE("a call that is not allowed does nothing, and is not told whether its namespace exists") {
  FakeNode node;
  std::vector<std::string> asked;
  node.frontend.authorizer = std::make_unique<ReadsOnly>(asked);
  api::StartWorkflowExecutionRequest start;
  start.set_namespace_("default");
  CHECK(CodeOf(node, "StartWorkflowExecution", start.SerializeAsString(), Bearer()) ==
        absl::StatusCode::kPermissionDenied);
  start.set_namespace_("nowhere");
  CHECK(CodeOf(node, "StartWorkflowExecution", start.SerializeAsString()) ==
        absl::StatusCode::kPermissionDenied);
  CHECK(node.history.starts.empty());
  CHECK(asked == std::vector<std::string>{"StartWorkflowExecution of default by Bearer x",
                                          "StartWorkflowExecution of nowhere by "});
}

TEST_CASE("calls of the cluster and of one namespace by its own rule are asked for as well") {
  FakeNode node;
  std::vector<std::string> asked;
  node.frontend.authorizer = std::make_unique<ReadsOnly>(asked);
  CHECK(CodeOf(node, "GetSystemInfo", "") == absl::StatusCode::kOk);
  api::DescribeNamespaceRequest describe;
  describe.set_namespace_("default");
  CHECK(CodeOf(node, "DescribeNamespace", describe.SerializeAsString()) == absl::StatusCode::kOk);
  api::UpdateNamespaceRequest update;
  update.set_namespace_("default");
  CHECK(CodeOf(node, "UpdateNamespace", update.SerializeAsString()) == absl::StatusCode::kPermissionDenied);
  CHECK(asked == std::vector<std::string>{"GetSystemInfo of  by ", "DescribeNamespace of default by ",
                                          "UpdateNamespace of default by "});
}

TEST_CASE("a call with a task token alone is asked for the token's namespace") {
  FakeNode node;
  std::vector<std::string> asked;
  node.frontend.authorizer = std::make_unique<ReadsOnly>(asked);
  api::RespondWorkflowTaskFailedRequest failed;
  failed.set_task_token(node.Token("order-1", node.ids.Mint()));
  CHECK(CodeOf(node, "RespondWorkflowTaskFailed", failed.SerializeAsString()) ==
        absl::StatusCode::kPermissionDenied);
  CHECK(asked == std::vector<std::string>{"RespondWorkflowTaskFailed of default by "});
}

}  // namespace perdure::server::testing
