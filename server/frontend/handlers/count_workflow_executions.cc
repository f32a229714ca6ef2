#include "server/frontend/execution_rows.h"
#include "server/frontend/handlers/handlers.h"
#include "server/visibility/list_filter.h"

namespace perdure::server {

void CountWorkflowExecutions(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                             api::CountWorkflowExecutionsRequest request) {
  const auto is_custom = [&](std::string_view name) { return IsCustom(frontend.search_attributes, name); };
  auto filter = ParseListFilter(request.query(), is_custom);
  if (!filter.ok()) return call->Fail(filter.status());
  const bool grouped = filter->group_by_status;
  frontend.visibility.Count(
      ToQuery(name_space->id, *std::move(filter)),
      [call = std::move(call), grouped](absl::StatusOr<std::vector<persistence::CountGroup>> groups) mutable {
        if (!groups.ok()) return call->Fail(groups.status());
        api::CountWorkflowExecutionsResponse response;
        int64_t total = 0;
        for (const persistence::CountGroup& group : *groups) {
          total += group.count;
          if (!grouped) continue;
          auto& shown = *response.add_groups();
          shown.set_count(group.count);
          *shown.add_group_values() = StatusPayload(group.status);
        }
        response.set_count(total);
        call->Reply(response);
      });
}

}  // namespace perdure::server
