// The list filter of the API: a condition over a run's search attributes (filter_parser.h), and for counts
// GROUP BY ExecutionStatus. Everything else of the real server's grammar is refused by name.
//
// Pure functions; safe anywhere. Takes any bytes.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "engine/search_attributes.h"
#include "persistence/visibility_query.h"
#include "server/visibility/listed_kind.h"

namespace perdure::server {

struct ListFilter {
  persistence::Filter filter;
  bool group_by_status = false;
  KindNumber kind = 0;
};

// INVALID_ARGUMENT in the real server's words; UNIMPLEMENTED for a search attribute that is not searched yet.
// `custom`: the namespace's custom search attributes.
absl::StatusOr<ListFilter> ParseListFilter(std::string_view text, const engine::SearchAttributeTypes& custom,
                                           const ListedKind& kind = ListedWorkflows());

// The filter as a query over the namespace. One that names an id reads that id's shard only.
persistence::VisibilityQuery ToQuery(const Uuid& namespace_id, ListFilter filter);

}  // namespace perdure::server
