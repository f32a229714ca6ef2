#include "server/frontend/list_pages.h"

namespace perdure::server {

void ScanWorkflowExecutions(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                            api::ScanWorkflowExecutionsRequest request) {
  AnswerListPage<api::ScanWorkflowExecutionsResponse>(frontend, std::move(call), *name_space, request,
                                                      ListedWorkflows(), ExecutionInfoOf);
}

}  // namespace perdure::server
