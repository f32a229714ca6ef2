// Wire forms of what is asked of workflow runs and of what they answer (workflow_call.proto), and the
// CallWire made of them. Pure functions and immutable values; safe from any thread. Errors as class CallWire.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/call_wire.h"
#include "engine/workflow/request.h"
#include "perdure/workflow_call.pb.h"

namespace perdure::engine::workflow {

calls::WorkflowRequest ToWire(const Request& request);
absl::StatusOr<Request> FromWire(calls::WorkflowRequest wire);

calls::WorkflowTask ToWire(const WorkflowTaskReply& task);
WorkflowTaskReply FromWire(calls::WorkflowTask wire);
calls::ActivityTask ToWire(const ActivityTaskReply& task);
ActivityTaskReply FromWire(calls::ActivityTask wire);

calls::WorkflowReply ToWire(const Reply& reply);
absl::StatusOr<Reply> FromWire(calls::WorkflowReply wire);

class WorkflowCallWire final : public CallWire {
 public:
  std::string EncodeRequest(const engine::Request& request) const override;
  absl::StatusOr<RequestPtr> DecodeRequest(std::string_view bytes) const override;
  std::string EncodeStart(const engine::StartRequest& start) const override;
  absl::StatusOr<std::unique_ptr<engine::StartRequest>> DecodeStart(std::string_view bytes) const override;
  std::string EncodeReply(const engine::Reply& reply) const override;
  absl::StatusOr<ReplyPtr> DecodeReply(std::string_view bytes) const override;
};

}  // namespace perdure::engine::workflow
