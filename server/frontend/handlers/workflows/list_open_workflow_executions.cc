#include "server/frontend/old_lists.h"

namespace perdure::server {

void ListOpenWorkflowExecutions(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                api::ListOpenWorkflowExecutionsRequest request) {
  OldList list("ExecutionStatus = 'Running'");
  const absl::Status valid = list.AddTimes("StartTime", request.start_time_filter());
  if (!valid.ok()) return call->Fail(valid);
  if (request.has_execution_filter()) {
    list.Add("WorkflowId", request.execution_filter().workflow_id());
  } else if (request.has_type_filter()) {
    list.Add("WorkflowType", request.type_filter().name());
  }
  AnswerListPage<api::ListOpenWorkflowExecutionsResponse>(
      frontend, std::move(call), *name_space,
      std::move(list).Page(request.maximum_page_size(), *request.mutable_next_page_token()),
      ListedWorkflows(), ExecutionInfoOf);
}

}  // namespace perdure::server
