#include "server/frontend/list_pages.h"

namespace perdure::server {

void CountWorkflowExecutions(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                             api::CountWorkflowExecutionsRequest request) {
  AnswerCount<api::CountWorkflowExecutionsResponse>(frontend, std::move(call), *name_space, request,
                                                    ListedWorkflows());
}

}  // namespace perdure::server
