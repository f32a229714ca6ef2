#include <fmt/format.h>

#include "base/status.h"
#include "server/frontend/handlers/handlers.h"

namespace perdure::server {
namespace {

constexpr int32_t kPage = 10'000;  // frontend.visibilityArchivalQueryMaxPageSize

}  // namespace

// As a server without an archive.
void ListArchivedWorkflowExecutions(Frontend& /*frontend*/, CallPtr call, NamespacePtr /*name_space*/,
                                    api::ListArchivedWorkflowExecutionsRequest request) {
  if (request.page_size() > kPage) {
    return call->Fail(InvalidArgument(fmt::format("PageSize is larger than allowed {}.", kPage)));
  }
  call->Fail(InvalidArgument("Cluster is not configured for visibility archival."));
}

}  // namespace perdure::server
