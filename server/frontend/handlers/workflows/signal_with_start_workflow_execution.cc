#include <utility>

#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/start_rules.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using SignalWithStart = api::SignalWithStartWorkflowExecutionRequest;

void TakeTimes(SignalWithStart& request, api::StartWorkflowExecutionRequest& start) {
  if (request.has_workflow_execution_timeout()) {
    *start.mutable_workflow_execution_timeout() = request.workflow_execution_timeout();
  }
  if (request.has_workflow_run_timeout()) {
    *start.mutable_workflow_run_timeout() = request.workflow_run_timeout();
  }
  if (request.has_workflow_task_timeout()) {
    *start.mutable_workflow_task_timeout() = request.workflow_task_timeout();
  }
  if (request.has_workflow_start_delay()) {
    *start.mutable_workflow_start_delay() = request.workflow_start_delay();
  }
}

void TakeWhatIsShown(SignalWithStart& request, api::StartWorkflowExecutionRequest& start) {
  if (request.has_memo()) *start.mutable_memo() = std::move(*request.mutable_memo());
  if (request.has_search_attributes()) {
    *start.mutable_search_attributes() = std::move(*request.mutable_search_attributes());
  }
  if (request.has_user_metadata()) {
    *start.mutable_user_metadata() = std::move(*request.mutable_user_metadata());
  }
  if (request.has_priority()) *start.mutable_priority() = std::move(*request.mutable_priority());
}

// What is the signal's too is left in the request.
api::StartWorkflowExecutionRequest StartOf(SignalWithStart& request) {
  api::StartWorkflowExecutionRequest start;
  start.set_namespace_(request.namespace_());
  start.set_workflow_id(request.workflow_id());
  if (request.has_workflow_type()) *start.mutable_workflow_type() = request.workflow_type();
  if (request.has_task_queue()) *start.mutable_task_queue() = request.task_queue();
  if (request.has_input()) *start.mutable_input() = std::move(*request.mutable_input());
  TakeTimes(request, start);
  start.set_identity(request.identity());
  start.set_request_id(request.request_id());
  start.set_workflow_id_reuse_policy(request.workflow_id_reuse_policy());
  start.set_workflow_id_conflict_policy(request.workflow_id_conflict_policy());
  if (request.has_retry_policy()) *start.mutable_retry_policy() = std::move(*request.mutable_retry_policy());
  start.set_cron_schedule(request.cron_schedule());
  TakeWhatIsShown(request, start);
  if (request.has_header()) *start.mutable_header() = request.header();
  *start.mutable_links() = request.links();
  // Refused by the engine, by name.
  if (request.has_versioning_override()) *start.mutable_versioning_override() = request.versioning_override();
  if (request.has_time_skipping_config()) {
    *start.mutable_time_skipping_config() = request.time_skipping_config();
  }
  return start;
}

// REQUIRES: the start is normalized, and has the request id of both.
api::SignalWorkflowExecutionRequest SignalOf(SignalWithStart& request, const std::string& request_id) {
  api::SignalWorkflowExecutionRequest signal;
  signal.set_namespace_(request.namespace_());
  signal.mutable_workflow_execution()->set_workflow_id(request.workflow_id());
  signal.set_signal_name(request.signal_name());
  if (request.has_signal_input()) *signal.mutable_input() = std::move(*request.mutable_signal_input());
  signal.set_identity(request.identity());
  signal.set_request_id(request_id);
  if (request.has_header()) *signal.mutable_header() = std::move(*request.mutable_header());
  *signal.mutable_links() = std::move(*request.mutable_links());
  return signal;
}

// In the real server's order, which decides between two errors.
absl::Status Normalize(Frontend& frontend, const SearchAttributeTypes& custom, const std::string& signal_name,
                       api::StartWorkflowExecutionRequest& start) {
  absl::Status valid = CheckCronSchedule(start.cron_schedule(), frontend.executor.Now());
  if (valid.ok()) valid = CheckWorkflowId(start.workflow_id());
  if (valid.ok()) valid = CheckName(signal_name, "signal not set", "signal name");
  if (valid.ok()) {
    valid = CheckName(start.workflow_type().name(), "workflow type not set", "workflow type name");
  }
  if (valid.ok()) {
    valid = NormalizeTaskQueue(start.has_task_queue() ? start.mutable_task_queue() : nullptr,
                               /*user_defined=*/true);
  }
  if (valid.ok()) valid = CheckLength(start.request_id(), "Request ID");
  if (valid.ok()) valid = NormalizeRequestId(*start.mutable_request_id(), frontend.ids);
  if (valid.ok()) valid = NormalizeTimeouts(start);
  if (valid.ok() && start.has_retry_policy()) valid = NormalizeRetryPolicy(*start.mutable_retry_policy());
  if (valid.ok()) valid = NormalizeStartDelay(start);
  FillStartPolicies(enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, start);
  if (valid.ok()) valid = CheckStartPolicies(start);
  if (valid.ok() && start.workflow_id_conflict_policy() == enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL) {
    valid = InvalidArgument(
        "Invalid WorkflowIDConflictPolicy: WORKFLOW_ID_CONFLICT_POLICY_FAIL is not supported for this "
        "operation.");
  }
  if (valid.ok()) valid = NormalizeLabels(custom, start);
  return valid;
}

}  // namespace

void SignalWithStartWorkflowExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                      SignalWithStart request) {
  api::StartWorkflowExecutionRequest start = StartOf(request);
  const absl::Status valid =
      Normalize(frontend, *name_space->settings.search_attributes, request.signal_name(), start);
  if (!valid.ok()) return call->Fail(valid);
  api::SignalWorkflowExecutionRequest signal = SignalOf(request, start.request_id());
  api::SignalWithStartWorkflowExecutionResponse response;
  *response.mutable_signal_link() = LinkToSignal(signal);
  frontend.history.SignalWithStart(
      name_space->id, std::move(start), std::move(signal),
      [call = std::move(call),
       response = std::move(response)](absl::StatusOr<engine::workflow::StartReply> reply) mutable {
        if (!reply.ok()) return call->Fail(reply.status());
        const api::StartWorkflowExecutionResponse& taken_by = reply->response;
        response.set_run_id(taken_by.run_id());
        response.set_first_execution_run_id(taken_by.first_execution_run_id());
        response.set_started(taken_by.started());
        response.mutable_signal_link()->mutable_workflow_event()->set_run_id(taken_by.run_id());
        call->Reply(response);
      });
}

}  // namespace perdure::server
