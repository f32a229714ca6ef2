#include "server/frontend/list_pages.h"

namespace perdure::server {

void CountActivityExecutions(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                             api::CountActivityExecutionsRequest request) {
  AnswerCount<api::CountActivityExecutionsResponse>(frontend, std::move(call), *name_space, request,
                                                    ListedActivities());
}

}  // namespace perdure::server
