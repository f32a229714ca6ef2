// A list or count as an SQL statement over the table `executions`, with numbered parameters. Both SQL stores
// use it: the columns have the same names and the same order of bytes in each.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "persistence/visibility_query.h"

namespace perdure::persistence {

struct SqlStatement {
  std::string text;
  std::vector<std::variant<int64_t, std::string, Uuid>> parameters;
};

// `mark` precedes a parameter's number: '?', or '$', with which the parameters are cast to int8, bytea and
// uuid. The list's columns: shard, kind, run_id, namespace_id, id, is_current, status, type, queue,
// start_time, execution_time, close_time, history_length, history_size_bytes, state_transition_count, memo,
// search_attributes, extra, delete_at, parent_id, parent_run, root_id, root_run. It asks for one row more
// than its page, to know whether there are more. With '$' the page ends at its bytes too, without that they
// are read, and a last column says how many rows were found; with '?' the reader stops.
SqlStatement ListStatement(const VisibilityQuery& query, char mark);
// The count's columns: status (0 when not grouped), count. kTable is for SQLite, whose planner does not know
// how many rows a namespace has: every row of the table is read in its place.
enum class CountBy { kPlan, kTable };
SqlStatement CountStatement(const VisibilityQuery& query, char mark, CountBy by = CountBy::kPlan);

// The answer to a list or count that was stopped at its time limit.
absl::Status TookTooLong(absl::Duration limit);

}  // namespace perdure::persistence
