#include "persistence/memory/lists.h"

#include "absl/container/btree_map.h"
#include "base/limits.h"
#include "persistence/visibility_match.h"
#include "persistence/visibility_sql.h"

namespace perdure::persistence {
namespace {

// How many rows are looked at between two looks at the clock.
constexpr size_t kRowsALook = 1024;

// Calls `take(row)` for each row that matches, until it answers false.
template <typename Take>
absl::Status ForEachMatch(const std::vector<ListedRow>& rows, const VisibilityQuery& query,
                          const Executor& clock, Take take) {
  const absl::Duration end = clock.Monotonic() + limits::kListTime;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i % kRowsALook == 0 && clock.Monotonic() > end) return TookTooLong(limits::kListTime);
    if (Matches(rows[i].key, *rows[i].row, query) && !take(rows[i])) break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<VisibilityPage> ListOf(const std::vector<ListedRow>& rows, const VisibilityQuery& query,
                                      const Executor& clock) {
  VisibilityPage page;
  size_t weight = 0;
  absl::Status listed = ForEachMatch(rows, query, clock, [&](const ListedRow& listed_row) {
    weight += ListWeight(*listed_row.row);
    page.more = page.rows.size() == query.page_size || (!page.rows.empty() && weight > query.max_bytes);
    if (!page.more) {
      page.rows.push_back({listed_row.key, *listed_row.row});
      page.rows.back().row.entries.clear();
    }
    return !page.more;
  });
  if (!listed.ok()) return listed;
  return page;
}

absl::StatusOr<std::vector<CountGroup>> CountOf(const std::vector<ListedRow>& rows,
                                                const VisibilityQuery& query, const Executor& clock) {
  absl::btree_map<int32_t, int64_t> counts;
  if (!query.group_by_status) counts[0] = 0;
  absl::Status counted = ForEachMatch(rows, query, clock, [&](const ListedRow& listed_row) {
    ++counts[query.group_by_status ? listed_row.row->status : 0];
    return true;
  });
  if (!counted.ok()) return counted;
  std::vector<CountGroup> groups;
  for (const auto& [status, count] : counts) groups.push_back({status, count});
  return groups;
}

}  // namespace perdure::persistence
