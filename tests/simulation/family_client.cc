#include "tests/simulation/family_client.h"

#include <fmt/format.h>

#include <utility>

#include "base/time.h"
#include "tests/simulation/program.h"

namespace perdure::simulation {

namespace enums = temporal::api::enums::v1;

FamilyClient::FamilyClient(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random,
                           Network& network, Journal& journal)
    : Caller(plan, namespace_id, executor, random, network, journal) {}

void FamilyClient::Begin() {
  calls_ = plan_.parents.size() + plan_.interferences.size();
  for (const WorkflowPlan& parent : plan_.parents) {
    executor_.RunAfter(random_.Fraction() * absl::Seconds(5), [this, &parent] { Start(parent, 0); });
  }
  for (size_t i = 0; i < plan_.interferences.size(); ++i) {
    const InterferencePlan& interference = plan_.interferences[i];
    executor_.RunAfter(interference.after, [this, &interference, i] { Interfere(interference, i); });
  }
}

void FamilyClient::AskAgain() {
  calls_ += plan_.parents.size();
  for (const WorkflowPlan& parent : plan_.parents) Start(parent, 0);
}

void FamilyClient::OnAnswer(const absl::Status& status, absl::AnyInvocable<void() &&> again) {
  if (IsNoAnswer(status)) return Later(std::move(again));
  if (!status.ok() && !absl::IsAlreadyExists(status) && !absl::IsNotFound(status)) {
    return journal_.Broken("a call of clients was refused: " + status.ToString());
  }
  ++answered_;
}

void FamilyClient::Start(const WorkflowPlan& workflow, size_t number) {
  const auto again = [this, &workflow, number] { Start(workflow, number); };
  if (!network_.connected()) return Later(again);
  temporal::api::workflowservice::v1::StartWorkflowExecutionRequest request;
  request.set_workflow_id(workflow.workflow_id);
  request.set_request_id(fmt::format("start-{}-{}", workflow.workflow_id, number));
  request.mutable_workflow_type()->set_name("planned");
  request.mutable_task_queue()->set_name(kTaskQueue);
  *request.mutable_workflow_task_timeout() = ToProto(absl::Seconds(5));
  request.set_workflow_id_reuse_policy(number == 0 ? enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
                                                   : enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE);
  if (workflow.run_timeout > absl::ZeroDuration())
    *request.mutable_workflow_run_timeout() = ToProto(workflow.run_timeout);
  if (workflow.retried) *request.mutable_retry_policy() = RetryPolicyOfFamilies();
  network_.history().Start(namespace_id_, std::move(request),
                           network_.Answer<engine::workflow::StartReply>(
                               [this, again](const absl::StatusOr<engine::workflow::StartReply>& reply) {
                                 OnAnswer(reply.status(), again);
                               }));
}

void FamilyClient::Interfere(const InterferencePlan& plan, size_t number) {
  const auto again = [this, &plan, number] { Interfere(plan, number); };
  if (!network_.connected()) return Later(again);
  engine::workflow::Request request;
  switch (plan.kind) {
    case InterferencePlan::Kind::kStartsAgain:
      for (const WorkflowPlan& parent : plan_.parents) {
        if (parent.workflow_id == plan.workflow_id) return Start(parent, 1 + number);
      }
      return;
    case InterferencePlan::Kind::kTerminates: {
      engine::workflow::Terminate terminate;
      terminate.request.set_reason("for the test");
      request = std::move(terminate);
      break;
    }
    case InterferencePlan::Kind::kCancels: {
      engine::workflow::RequestCancel cancel;
      cancel.request.set_request_id(fmt::format("cancel-{}", number));
      request = std::move(cancel);
      break;
    }
  }
  network_.history().Execute({.namespace_id = namespace_id_, .id = plan.workflow_id, .run_id = std::nullopt},
                             std::move(request),
                             network_.Answer<engine::workflow::Reply>(
                                 [this, again](const absl::StatusOr<engine::workflow::Reply>& reply) {
                                   OnAnswer(reply.status(), again);
                                 }));
}

}  // namespace perdure::simulation
