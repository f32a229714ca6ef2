#include "server/workflows/workflow_history.h"

#include "base/check.h"

namespace perdure::server {

namespace workflow = engine::workflow;

namespace {

workflow::Reply Unwrapped(const engine::ReplyPtr& reply) {
  auto* const of_workflow = dynamic_cast<workflow::WorkflowReply*>(reply.get());
  PERDURE_CHECK(of_workflow != nullptr, "a workflow answers with its own replies");
  return std::move(of_workflow->reply);
}

}  // namespace

void WorkflowHistory::Start(const Uuid& namespace_id, workflow::api::StartWorkflowExecutionRequest request,
                            Callback<workflow::StartReply> done) const {
  Start(namespace_id, std::make_unique<workflow::WorkflowStartRequest>(std::move(request)), std::move(done));
}

void WorkflowHistory::SignalWithStart(const Uuid& namespace_id,
                                      workflow::api::StartWorkflowExecutionRequest request,
                                      workflow::api::SignalWorkflowExecutionRequest signal,
                                      Callback<workflow::StartReply> done) const {
  Start(namespace_id, std::make_unique<workflow::WorkflowStartRequest>(std::move(request), std::move(signal)),
        std::move(done));
}

void WorkflowHistory::UpdateWithStart(const Uuid& namespace_id,
                                      workflow::api::StartWorkflowExecutionRequest request,
                                      workflow::api::UpdateWorkflowExecutionRequest update,
                                      Callback<workflow::StartReply> done) const {
  Start(namespace_id,
        std::make_unique<workflow::WorkflowStartRequest>(std::move(request), std::nullopt, std::move(update)),
        std::move(done));
}

void WorkflowHistory::Start(const Uuid& namespace_id, std::unique_ptr<workflow::WorkflowStartRequest> request,
                            Callback<workflow::StartReply> done) const {
  history_->Start(namespace_id, workflow::kWorkflowKind, std::move(request),
                  [done = std::move(done)](absl::StatusOr<engine::ReplyPtr> reply) mutable {
                    if (!reply.ok()) {
                      std::move(done)(reply.status());
                      return;
                    }
                    workflow::Reply started = Unwrapped(*reply);
                    auto* const start = std::get_if<workflow::StartReply>(&started);
                    PERDURE_CHECK(start != nullptr, "a start is answered by a StartReply");
                    std::move(done)(std::move(*start));
                  });
}

void WorkflowHistory::Execute(RunRef run, workflow::Request request, Callback<workflow::Reply> done) const {
  history_->Execute(std::move(run), std::make_unique<workflow::WorkflowRequest>(std::move(request)),
                    [done = std::move(done)](absl::StatusOr<engine::ReplyPtr> reply) mutable {
                      if (reply.ok()) {
                        std::move(done)(Unwrapped(*reply));
                      } else {
                        std::move(done)(reply.status());
                      }
                    });
}

uint64_t WorkflowHistory::Ask(RunRef run, workflow::Request request, absl::Duration max_wait,
                              Callback<Answer> done) const {
  return history_->Ask(std::move(run), std::make_unique<workflow::WorkflowRequest>(std::move(request)),
                       max_wait, [done = std::move(done)](absl::StatusOr<engine::ReplyPtr> reply) mutable {
                         if (!reply.ok()) return std::move(done)(reply.status());
                         if (*reply == nullptr) return std::move(done)(Answer());
                         std::move(done)(std::make_unique<workflow::Reply>(Unwrapped(*reply)));
                       });
}

void WorkflowHistory::Describe(RunRef run,
                               Callback<workflow::api::DescribeWorkflowExecutionResponse> done) const {
  history_->Read(std::move(run), std::make_unique<workflow::DescribeRequest>(),
                 [done = std::move(done)](absl::StatusOr<engine::ReplyPtr> reply) mutable {
                   if (!reply.ok()) {
                     std::move(done)(reply.status());
                     return;
                   }
                   auto* const described = dynamic_cast<workflow::DescribeReply*>(reply->get());
                   PERDURE_CHECK(described != nullptr, "a description is answered by one");
                   std::move(done)(std::move(described->response));
                 });
}

}  // namespace perdure::server
