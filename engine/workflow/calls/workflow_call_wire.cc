// The CallWire of workflow runs.
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/nesting.h"
#include "engine/workflow/calls/workflow_wire.h"
#include "engine/workflow/workflow_entity.h"

namespace perdure::engine::workflow {

std::string WorkflowCallWire::EncodeRequest(const engine::Request& request) const {
  if (const auto* decided = dynamic_cast<const WorkflowRequest*>(&request)) {
    return ToWire(decided->request()).SerializeAsString();
  }
  calls::WorkflowRequest wire;
  if (const auto* reset = dynamic_cast<const ResetRequest*>(&request)) {
    *wire.mutable_reset() = reset->request();
    return wire.SerializeAsString();
  }
  PERDURE_CHECK(dynamic_cast<const DescribeRequest*>(&request) != nullptr, "no request of a workflow");
  wire.mutable_describe();
  return wire.SerializeAsString();
}

absl::StatusOr<RequestPtr> WorkflowCallWire::DecodeRequest(std::string_view bytes) const {
  calls::WorkflowRequest wire;
  if (!ParseStored(bytes, wire)) return absl::InvalidArgumentError("a workflow's request cannot be read");
  if (wire.has_describe()) return std::make_unique<DescribeRequest>();
  if (wire.has_reset()) return std::make_unique<ResetRequest>(std::move(*wire.mutable_reset()));
  absl::StatusOr<Request> request = FromWire(std::move(wire));
  if (!request.ok()) return request.status();
  return std::make_unique<WorkflowRequest>(*std::move(request));
}

std::string WorkflowCallWire::EncodeStart(const engine::StartRequest& start) const {
  const auto* const of_workflow = dynamic_cast<const WorkflowStartRequest*>(&start);
  PERDURE_CHECK(of_workflow != nullptr, "no start of a workflow");
  calls::WorkflowStart wire;
  *wire.mutable_start() = of_workflow->request();
  if (of_workflow->signal() != nullptr) *wire.mutable_signal() = *of_workflow->signal();
  if (of_workflow->update() != nullptr) *wire.mutable_update() = *of_workflow->update();
  return wire.SerializeAsString();
}

absl::StatusOr<std::unique_ptr<engine::StartRequest>> WorkflowCallWire::DecodeStart(
    std::string_view bytes) const {
  calls::WorkflowStart wire;
  if (!ParseStored(bytes, wire)) return absl::InvalidArgumentError("a workflow's start cannot be read");
  std::optional<api::SignalWorkflowExecutionRequest> signal;
  if (wire.has_signal()) signal = std::move(*wire.mutable_signal());
  std::optional<api::UpdateWorkflowExecutionRequest> update;
  if (wire.has_update()) update = std::move(*wire.mutable_update());
  return std::make_unique<WorkflowStartRequest>(std::move(*wire.mutable_start()), std::move(signal),
                                                std::move(update));
}

std::string WorkflowCallWire::EncodeReply(const engine::Reply& reply) const {
  if (const auto* decided = dynamic_cast<const WorkflowReply*>(&reply)) {
    return ToWire(decided->reply).SerializeAsString();
  }
  const auto* const described = dynamic_cast<const DescribeReply*>(&reply);
  PERDURE_CHECK(described != nullptr, "no reply of a workflow");
  calls::WorkflowReply wire;
  *wire.mutable_description() = described->response;
  return wire.SerializeAsString();
}

absl::StatusOr<ReplyPtr> WorkflowCallWire::DecodeReply(std::string_view bytes) const {
  calls::WorkflowReply wire;
  if (!ParseStored(bytes, wire)) return absl::InvalidArgumentError("a workflow's reply cannot be read");
  if (wire.has_description()) {
    return std::make_unique<DescribeReply>(std::move(*wire.mutable_description()));
  }
  absl::StatusOr<Reply> reply = FromWire(std::move(wire));
  if (!reply.ok()) return reply.status();
  return std::make_unique<WorkflowReply>(*std::move(reply));
}

}  // namespace perdure::engine::workflow
