// Lists and counts over execution rows: a conjunction of comparisons on searched columns, newest first.
// Plain values. The frontend parses a client's list filter into this; a store turns it into SQL with
// parameters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "base/ids.h"
#include "persistence/batch.h"

namespace perdure::persistence {

enum class Column { kWorkflowId, kRunId, kWorkflowType, kStatus, kStartTime, kCloseTime };
enum class Comparison { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kStartsWith };

// kStatus compares with int64_t, the times with absl::Time, kRunId with Uuid, the rest with std::string. A
// row without a close time satisfies no comparison with kCloseTime.
struct Condition {
  Column column = Column::kWorkflowId;
  Comparison comparison = Comparison::kEqual;
  std::variant<std::string, int64_t, absl::Time, Uuid> value;
};

// Order of lists: open runs first, then by close time, newest first; ties by start time, newest first, then
// by run id descending. A cursor names the last row of a page.
struct ListCursor {
  std::optional<absl::Time> close_time;
  absl::Time start_time;
  Uuid run_id;
};

struct VisibilityQuery {
  Uuid namespace_id;
  std::vector<Condition> conditions;  // all must hold
  std::optional<ListCursor> after;    // lists only
  size_t page_size = 0;               // lists only; REQUIRES: > 0
  bool group_by_status = false;       // counts only
};

struct VisibilityRow {
  RunKey key;
  ExecutionRow row;
};

struct VisibilityPage {
  std::vector<VisibilityRow> rows;
  bool more = false;  // there may be rows after the last one
};

struct CountGroup {
  int32_t status = 0;  // 0 when not grouped
  int64_t count = 0;
};

}  // namespace perdure::persistence
