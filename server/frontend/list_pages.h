// Lists and counts of any kind of entity, from the filter's text to the answer.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "server/frontend/execution_rows.h"
#include "server/frontend/frontend.h"
#include "server/frontend/handlers/handlers.h"
#include "server/visibility/list_filter.h"

namespace perdure::server {

// The query of a page. INVALID_ARGUMENT for a filter that is none, and for a token that is not one of ours or
// not of this list. `next` is filled in but for its cursor.
struct ListRequest {
  const std::string& filter;
  int32_t page_size = 0;
  const std::string& page_token;
};
absl::StatusOr<persistence::VisibilityQuery> ListQuery(const Frontend& frontend, const Namespace& name_space,
                                                       const ListedKind& kind, const ListRequest& request,
                                                       ListPageToken& next);

// `info_of` makes of a row what the response's `executions` hold.
template <typename Response, typename Request, typename InfoOf>
void AnswerListPage(Frontend& frontend, CallPtr call, const Namespace& name_space, const Request& request,
                    const ListedKind& kind, InfoOf info_of) {
  ListPageToken next;
  auto query = ListQuery(frontend, name_space, kind,
                         {request.query(), request.page_size(), request.next_page_token()}, next);
  if (!query.ok()) return call->Fail(query.status());
  frontend.visibility.List(
      *std::move(query), [call = std::move(call), &tokens = frontend.tokens, info_of,
                          next = std::move(next)](absl::StatusOr<persistence::VisibilityPage> page) mutable {
        if (!page.ok()) return call->Fail(page.status());
        Response response;
        for (const auto& row : page->rows) *response.add_executions() = info_of(row);
        if (page->more && !page->rows.empty()) {
          SetCursor(page->rows.back(), next);
          response.set_next_page_token(tokens.Seal(TokenKind::kListPage, next));
        }
        call->Reply(response);
      });
}

template <typename Response, typename Request>
void AnswerCount(Frontend& frontend, CallPtr call, const Namespace& name_space, const Request& request,
                 const ListedKind& kind) {
  auto filter = ParseListFilter(request.query(), *name_space.settings.search_attributes, kind);
  if (!filter.ok()) return call->Fail(filter.status());
  const bool grouped = filter->group_by_status;
  frontend.visibility.Count(ToQuery(name_space.id, *std::move(filter)),
                            [call = std::move(call), grouped,
                             &kind](absl::StatusOr<std::vector<persistence::CountGroup>> groups) mutable {
                              if (!groups.ok()) return call->Fail(groups.status());
                              Response response;
                              int64_t total = 0;
                              for (const persistence::CountGroup& group : *groups) {
                                total += group.count;
                                if (!grouped) continue;
                                auto& shown = *response.add_groups();
                                shown.set_count(group.count);
                                *shown.add_group_values() = StatusPayload(kind, group.status);
                              }
                              response.set_count(total);
                              call->Reply(response);
                            });
}

}  // namespace perdure::server
