// A list filter is a client's text: any bytes are read or refused. What was read can be asked of every store,
// and no row satisfies both a filter and its negation.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "persistence/visibility_match.h"
#include "persistence/visibility_sql.h"
#include "server/visibility/list_filter.h"

namespace {

using perdure::Uuid;
using perdure::server::ListFilter;

absl::StatusOr<ListFilter> Parse(std::string_view text) {
  return perdure::server::ParseListFilter(text, [](std::string_view name) { return name == "Custom"; });
}

bool Matches(const ListFilter& filter) {
  static const perdure::persistence::RunKey key{7, Uuid{{1, 2, 3}}};
  static const perdure::persistence::ExecutionRow row = [] {
    perdure::persistence::ExecutionRow made;
    made.workflow_id = "order-1";
    made.status = 1;
    made.workflow_type = "Order";
    made.task_queue = "orders";
    made.start_time = made.execution_time = absl::FromUnixSeconds(1'700'000'000);
    return made;
  }();
  return perdure::persistence::Matches(key, row, filter.filter);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto filter = Parse(text);
  if (!filter.ok()) return 0;
  perdure::persistence::VisibilityQuery query = perdure::server::ToQuery(Uuid{{1}}, *filter);
  query.page_size = 10;
  perdure::persistence::ListStatement(query, '?');
  perdure::persistence::CountStatement(query, '$');
  if (filter->group_by_status) return 0;
  const auto negation = Parse("NOT (" + text + ")");
  if (negation.ok()) {  // it is one level deeper, which may be too deep
    PERDURE_CHECK(!Matches(*filter) || !Matches(*negation), "a row satisfies a filter or its negation");
  }
  return 0;
}
