#include "base/status.h"
#include "base/text.h"
#include "server/frontend/old_lists.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

std::string NameOf(enums::WorkflowExecutionStatus status) {
  if (!enums::WorkflowExecutionStatus_IsValid(status)) return std::to_string(status);
  return CamelCase(enums::WorkflowExecutionStatus_Name(status), "WORKFLOW_EXECUTION_STATUS_");
}

}  // namespace

void ListClosedWorkflowExecutions(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                  api::ListClosedWorkflowExecutionsRequest request) {
  OldList list("ExecutionStatus != 'Running'");
  const absl::Status valid = list.AddTimes("CloseTime", request.start_time_filter());
  if (!valid.ok()) return call->Fail(valid);
  if (request.has_execution_filter()) {
    list.Add("WorkflowId", request.execution_filter().workflow_id());
  } else if (request.has_type_filter()) {
    list.Add("WorkflowType", request.type_filter().name());
  } else if (request.has_status_filter()) {
    const enums::WorkflowExecutionStatus status = request.status_filter().status();
    if (status == enums::WORKFLOW_EXECUTION_STATUS_UNSPECIFIED ||
        status == enums::WORKFLOW_EXECUTION_STATUS_RUNNING) {
      return call->Fail(InvalidArgument("StatusFilter must be specified and must be not Running."));
    }
    list.Add("ExecutionStatus", NameOf(status));
  }
  AnswerListPage<api::ListClosedWorkflowExecutionsResponse>(
      frontend, std::move(call), *name_space,
      std::move(list).Page(request.maximum_page_size(), *request.mutable_next_page_token()),
      ListedWorkflows(), ExecutionInfoOf);
}

}  // namespace perdure::server
