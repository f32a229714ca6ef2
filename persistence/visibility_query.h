// Lists and counts over execution rows: a filter on searched columns, newest first.
// Plain values. The frontend parses a client's list filter into this; a store turns it into SQL with
// parameters.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "base/ids.h"
#include "persistence/batch.h"

namespace perdure::persistence {

enum class Column {
  kId,
  kRunId,
  kType,
  kQueue,
  kStatus,
  kStartTime,
  kExecutionTime,
  kRootId,   // its own where the row names no root
  kRootRun,  // likewise
  // A row without a parent has none of these.
  kParentId,
  kParentRun,
  kEntries,  // a set of bytes: compared with an EntryRange
  // A row without a close time has none of these.
  kCloseTime,
  kExecutionDuration,  // from the execution time to the close time
  kHistoryLength,
  kHistorySizeBytes,
  kStateTransitionCount,
};

constexpr bool IsNullWhileOpen(Column column) { return column >= Column::kCloseTime; }
constexpr bool IsOfParent(Column column) {
  return column == Column::kParentId || column == Column::kParentRun;
}

enum class Comparison {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kStartsWith,     // of text
  kNotStartsWith,  // of text
  kIsNull,         // has no value to compare with
  kIsNotNull,      // nor has this
};

// The least text that is greater than every text with this prefix; nothing where there is none.
std::optional<std::string> AfterPrefix(std::string prefix);

// The bytes from `from` to before `below`. Of a row's entries it is asked (kEqual) whether one of them stands
// in the range, or (kNotEqual) whether none does.
struct EntryRange {
  std::string from;
  std::string below;

  static EntryRange Of(const std::string& entry) { return {entry, entry + '\0'}; }
  // REQUIRES: `prefix` has a byte other than 255.
  static EntryRange StartingWith(const std::string& prefix) { return {prefix, AfterPrefix(prefix).value()}; }
  bool IsOne() const {
    return below.size() == from.size() + 1 && below.back() == '\0' && below.starts_with(from);
  }
};

// Times compare with absl::Time, kExecutionDuration with absl::Duration, runs with Uuid, text with
// std::string, entries with an EntryRange, numbers and kStatus with int64_t. A row that has none of a column
// satisfies kIsNull with it and nothing else.
struct Condition {
  Column column = Column::kId;
  Comparison comparison = Comparison::kEqual;
  std::variant<std::string, int64_t, absl::Time, Uuid, absl::Duration, EntryRange> value;
};

// A condition, or several filters of which all or any must hold: kAll of none holds always, kAny of none
// never. There is no negation: who needs one negates the comparisons, as SQL's rules for null demand.
struct Filter {
  enum class Kind { kCondition, kAll, kAny };
  Kind kind = Kind::kAll;
  Condition condition;        // of kCondition
  std::vector<Filter> parts;  // of the others

  static Filter Of(Condition condition) { return {Kind::kCondition, std::move(condition), {}}; }
  static Filter All(std::vector<Filter> parts) { return {Kind::kAll, {}, std::move(parts)}; }
  static Filter Any(std::vector<Filter> parts) { return {Kind::kAny, {}, std::move(parts)}; }
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
  Filter filter;
  std::optional<ShardId> shard;     // rows of other shards are left out
  std::optional<ListCursor> after;  // lists only
  size_t page_size = 0;             // lists only; REQUIRES: > 0
  // Lists only: a page ends before the row with which its rows would weigh more (ListWeight), but for its
  // first.
  size_t max_bytes = std::numeric_limits<int32_t>::max();
  bool group_by_status = false;  // counts only
  KindNumber kind = 1;           // rows of other kinds are left out
};

struct VisibilityRow {
  RunKey key;
  ExecutionRow row;
};

// What a row takes of a client's answer, in bytes, about. visibility_sql.cc says the same to the databases.
inline constexpr size_t kListRowBytes = 256;
inline size_t ListWeight(const ExecutionRow& row) {
  return kListRowBytes + 2 * row.id.size() + row.type.size() + row.queue.size() + row.memo.size() +
         row.search_attributes.size() + row.extra.size();
}

struct VisibilityPage {
  std::vector<VisibilityRow> rows;
  bool more = false;  // there may be rows after the last one
};

struct CountGroup {
  int32_t status = 0;  // 0 when not grouped
  int64_t count = 0;
};

}  // namespace perdure::persistence
