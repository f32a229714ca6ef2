#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/execution_rows.h"
#include "server/frontend/handlers/handlers.h"
#include "server/visibility/list_filter.h"

namespace perdure::server {
namespace {

// INVALID_ARGUMENT when the token is not one of ours, or not of this list.
absl::Status ApplyToken(const TokenSealer& tokens, const Uuid& namespace_id, const std::string& filter,
                        const std::string& sealed, persistence::VisibilityQuery& query) {
  if (sealed.empty()) return absl::OkStatus();
  ListPageToken token;
  if (!tokens.Open(TokenKind::kListPage, sealed, token) || token.namespace_id() != namespace_id.View() ||
      token.filter_hash() != StableHash(filter)) {
    return InvalidArgument("Invalid NextPageToken.");
  }
  query.after = CursorOf(token);
  return absl::OkStatus();
}

}  // namespace

void ListWorkflowExecutions(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                            api::ListWorkflowExecutionsRequest request) {
  const auto is_custom = [&](std::string_view name) { return IsCustom(frontend.search_attributes, name); };
  auto filter = ParseListFilter(request.query(), is_custom);
  if (!filter.ok()) return call->Fail(filter.status());
  persistence::VisibilityQuery query = ToQuery(name_space->id, *std::move(filter));
  const int asked = request.page_size();
  query.page_size = asked <= 0 ? limits::kListPage : std::min<size_t>(asked, limits::kListPage);
  query.max_bytes = limits::kListPageBytes;
  const absl::Status token =
      ApplyToken(frontend.tokens, name_space->id, request.query(), request.next_page_token(), query);
  if (!token.ok()) return call->Fail(token);
  ListPageToken next;
  next.set_namespace_id(std::string(name_space->id.View()));
  next.set_filter_hash(StableHash(request.query()));
  frontend.visibility.List(
      std::move(query), [call = std::move(call), &tokens = frontend.tokens,
                         next = std::move(next)](absl::StatusOr<persistence::VisibilityPage> page) mutable {
        if (!page.ok()) return call->Fail(page.status());
        api::ListWorkflowExecutionsResponse response;
        for (const auto& row : page->rows) *response.add_executions() = ExecutionInfoOf(row);
        if (page->more && !page->rows.empty()) {
          SetCursor(page->rows.back(), next);
          response.set_next_page_token(tokens.Seal(TokenKind::kListPage, next));
        }
        call->Reply(response);
      });
}

}  // namespace perdure::server
