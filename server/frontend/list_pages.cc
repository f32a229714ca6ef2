#include "server/frontend/list_pages.h"

#include "base/status.h"

namespace perdure::server {

absl::StatusOr<persistence::VisibilityQuery> ListQuery(const Frontend& frontend, const Namespace& name_space,
                                                       const ListedKind& kind, const ListRequest& request,
                                                       ListPageToken& next) {
  const Uuid& namespace_id = name_space.id;
  auto filter = ParseListFilter(request.filter, *name_space.settings.search_attributes, kind);
  if (!filter.ok()) return filter.status();
  persistence::VisibilityQuery query = ToQuery(namespace_id, *std::move(filter));
  const auto asked = static_cast<size_t>(std::max(request.page_size, 0));
  const size_t most = name_space.settings.limits.list_page;
  query.page_size = asked == 0 ? most : std::min(asked, most);
  query.max_bytes = limits::kListPageBytes;
  next.set_namespace_id(std::string(namespace_id.View()));
  next.set_filter_hash(StableHash(request.filter, kind.kind));
  if (request.page_token.empty()) return query;
  ListPageToken token;
  if (!frontend.tokens.Open(TokenKind::kListPage, request.page_token, token) ||
      token.namespace_id() != namespace_id.View() || token.filter_hash() != next.filter_hash()) {
    return InvalidArgument("Invalid NextPageToken.");
  }
  query.after = CursorOf(token);
  return query;
}

}  // namespace perdure::server
