#include "server/frontend/list_pages.h"

namespace perdure::server {

void ListWorkflowExecutions(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                            api::ListWorkflowExecutionsRequest request) {
  AnswerListPage<api::ListWorkflowExecutionsResponse>(frontend, std::move(call), *name_space, request,
                                                      ListedWorkflows(), ExecutionInfoOf);
}

}  // namespace perdure::server
