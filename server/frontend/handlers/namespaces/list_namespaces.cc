#include <algorithm>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/namespaces.h"

namespace perdure::server {
namespace {

constexpr size_t kDefaultPage = 100;
constexpr size_t kMaxPage = 1000;

// Those of the page after `after`, and one more when there is one, by name.
std::vector<NamespacePtr> After(const NamespaceSnapshot& snapshot, const std::string& after, size_t page,
                                bool include_deleted) {
  std::vector<NamespacePtr> found;
  snapshot.by_name.ForEach([&](const std::string& name, const NamespacePtr& name_space) {
    const bool deleted =
        name_space->record.info().state() == temporal::api::enums::v1::NAMESPACE_STATE_DELETED;
    if (name > after && (include_deleted || !deleted)) found.push_back(name_space);
  });
  const auto by_name = [](const NamespacePtr& a, const NamespacePtr& b) {
    return a->settings.name < b->settings.name;
  };
  std::sort(found.begin(), found.end(), by_name);
  if (found.size() > page + 1) found.resize(page + 1);
  return found;
}

}  // namespace

void ListNamespaces(Frontend& frontend, CallPtr call, api::ListNamespacesRequest request) {
  if (request.page_size() < 0) return call->Fail(InvalidArgument("Invalid PageSize."));
  const size_t page =
      request.page_size() == 0 ? kDefaultPage : std::min<size_t>(request.page_size(), kMaxPage);
  NamespacePageToken token;
  if (!request.next_page_token().empty() &&
      !frontend.tokens.Open(TokenKind::kNamespacePage, request.next_page_token(), token)) {
    return call->Fail(InvalidArgument("Invalid NextPageToken."));
  }
  const auto snapshot = frontend.namespaces.Snapshot();
  const std::vector<NamespacePtr> found =
      After(*snapshot, token.after_name(), page, request.namespace_filter().include_deleted());
  api::ListNamespacesResponse response;
  size_t bytes = 0;
  for (const NamespacePtr& name_space : found) {
    api::DescribeNamespaceResponse described = DescribeNamespaceOf(*name_space);
    bytes += described.ByteSizeLong();
    const bool first = response.namespaces().empty();
    if (static_cast<size_t>(response.namespaces_size()) == page ||
        (!first && bytes > limits::kListPageBytes)) {
      token.set_after_name(response.namespaces().rbegin()->namespace_info().name());
      response.set_next_page_token(frontend.tokens.Seal(TokenKind::kNamespacePage, token));
      break;
    }
    *response.add_namespaces() = std::move(described);
  }
  call->Reply(response);
}

}  // namespace perdure::server
