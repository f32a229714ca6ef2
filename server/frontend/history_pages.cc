#include "server/frontend/history_pages.h"

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/namespaces.h"

namespace perdure::server {

absl::StatusOr<std::optional<HistoryPageToken>> OpenHistoryToken(
    const TokenSealer& tokens, const Uuid& namespace_id,
    const temporal::api::common::v1::WorkflowExecution& execution, const std::string& sealed) {
  if (sealed.empty()) return std::nullopt;
  HistoryPageToken token;
  if (!tokens.Open(TokenKind::kHistoryPage, sealed, token) || token.namespace_id() != namespace_id.View()) {
    return InvalidArgument("Invalid NextPageToken.");
  }
  const auto named = Uuid::Parse(execution.run_id());
  if (named && named->View() != token.run_id()) {
    return InvalidArgument("RunId in the request does not match the NextPageToken.");
  }
  return token;
}

HistoryPageToken FirstHistoryToken(const RunRef& run, const RunPosition& position) {
  HistoryPageToken token;
  token.set_namespace_id(std::string(run.namespace_id.View()));
  token.set_workflow_id(run.id);
  token.set_run_id(std::string(position.run_id.View()));
  token.set_first_event_id(1);
  token.set_next_event_id(position.next_event_id);
  token.set_run_open(position.open);
  return token;
}

size_t HistoryPageEvents(int asked) {
  if (asked <= 0) return limits::kHistoryPageEvents;
  return std::min<size_t>(asked, limits::kHistoryPageEvents);
}

}  // namespace perdure::server
