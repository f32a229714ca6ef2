#include "persistence/visibility_sql.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/check.h"
#include "persistence/micros.h"

namespace perdure::persistence {
namespace {

constexpr char kListColumns[] =
    "shard, kind, run_id, namespace_id, id, is_current, status, type, queue, start_time, execution_time, "
    "close_time, history_length, history_size_bytes, state_transition_count, memo, search_attributes, extra, "
    "delete_at, parent_id, parent_run, root_id, root_run";

// A page whose rows weigh no more than a bound, by their lengths, which are known without reading them.
constexpr char kBoundedBegin[] =
    ", found FROM (SELECT *, count(*) OVER () AS found, row_number() OVER places AS place, "
    "sum(256 + 2 * octet_length(id) + octet_length(type) + octet_length(queue) + "
    "octet_length(memo) + octet_length(search_attributes) + octet_length(extra)) OVER places AS weight FROM "
    "(";
constexpr char kBoundedEnd[] =
    ") AS page WINDOW places AS (ORDER BY close_time DESC, start_time DESC, run_id DESC "
    "ROWS UNBOUNDED PRECEDING)) AS counted WHERE weight <= ";
static_assert(kListRowBytes == 256, "as kBoundedBegin says");

using Parameter = std::variant<int64_t, std::string, Uuid>;

const char* NameOf(Column column) {
  switch (column) {
    case Column::kId:
      return "id";
    case Column::kRunId:
      return "run_id";
    case Column::kType:
      return "type";
    case Column::kQueue:
      return "queue";
    case Column::kStatus:
      return "status";
    case Column::kStartTime:
      return "start_time";
    case Column::kExecutionTime:
      return "execution_time";
    case Column::kRootId:
      return "COALESCE(root_id, id)";
    case Column::kRootRun:
      return "COALESCE(root_run, run_id)";
    case Column::kParentId:
      return "parent_id";
    case Column::kParentRun:
      return "parent_run";
    case Column::kEntries:
      return "search_entries";
    case Column::kCloseTime:
      return "close_time";
    case Column::kExecutionDuration:
      return "close_time - execution_time";
    case Column::kHistoryLength:
      return "history_length";
    case Column::kHistorySizeBytes:
      return "history_size_bytes";
    case Column::kStateTransitionCount:
      return "state_transition_count";
  }
  PERDURE_CHECK(false, "a column that is not one");
}

const char* SignOf(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual:
      return " = ";
    case Comparison::kNotEqual:
      return " <> ";
    case Comparison::kLess:
      return " < ";
    case Comparison::kLessOrEqual:
      return " <= ";
    case Comparison::kGreater:
      return " > ";
    case Comparison::kGreaterOrEqual:
      return " >= ";
    case Comparison::kStartsWith:
    case Comparison::kNotStartsWith:
    case Comparison::kIsNull:
    case Comparison::kIsNotNull:
      break;
  }
  PERDURE_CHECK(false, "a comparison that has no sign");
}

struct ToParameter {
  Parameter operator()(const std::string& text) const { return text; }
  Parameter operator()(int64_t number) const { return number; }
  Parameter operator()(absl::Time time) const { return ToMicros(time); }
  Parameter operator()(const Uuid& id) const { return id; }
  Parameter operator()(absl::Duration duration) const { return absl::ToInt64Microseconds(duration); }
  Parameter operator()(const EntryRange& range) const { return range.from; }
};

// Whether any of several values of one column will do, which every row has.
bool IsOneOf(const Filter& filter) {
  if (filter.kind != Filter::Kind::kAny || filter.parts.size() < 2) return false;
  const Filter& first = filter.parts.front();
  const Column column = first.condition.column;
  return !IsNullWhileOpen(column) && !IsOfParent(column) && column != Column::kEntries &&
         std::all_of(filter.parts.begin(), filter.parts.end(), [&](const Filter& part) {
           return part.kind == Filter::Kind::kCondition && part.condition.comparison == Comparison::kEqual &&
                  part.condition.column == column;
         });
}

constexpr size_t kLongestChain = 64;

// Places of a parser's stack that it takes to read the filter: a parenthesis takes one, and what stands
// before it two more.
size_t StackPlaces(const Filter& filter) {
  if (filter.parts.empty()) return 1;
  size_t first = 0;
  size_t others = 0;
  for (const Filter& part : filter.parts) {
    const size_t places = StackPlaces(part);
    others = std::max(others, std::min(first, places));
    first = std::max(first, places);
  }
  return std::max(first + 1, others + 3);
}

// SQLite's parser has a stack of 100 places, which parts that nest deeply would fill if others stood before
// them.
std::vector<const Filter*> DeepestFirst(const std::vector<Filter>& parts) {
  std::vector<std::pair<size_t, const Filter*>> weighed;
  weighed.reserve(parts.size());
  for (const Filter& part : parts) weighed.emplace_back(StackPlaces(part), &part);
  std::stable_sort(weighed.begin(), weighed.end(),
                   [](const auto& left, const auto& right) { return left.first > right.first; });
  std::vector<const Filter*> sorted;
  sorted.reserve(parts.size());
  for (const auto& [places, part] : weighed) sorted.push_back(part);
  return sorted;
}

class Builder {
 public:
  explicit Builder(char mark) : mark_(mark) {}

  void Where(const VisibilityQuery& query, CountBy by = CountBy::kPlan) {
    // An index does not serve "+column".
    Text(by == CountBy::kTable ? " WHERE +namespace_id = " : " WHERE namespace_id = ");
    Add(query.namespace_id);
    Compare(" AND kind", Comparison::kEqual, int64_t{query.kind});
    if (query.shard) Compare(" AND shard", Comparison::kEqual, int64_t{*query.shard});
    if (query.filter.kind == Filter::Kind::kAll && query.filter.parts.empty()) return;
    Text(" AND ");
    Add(query.filter);
  }

  void After(const ListCursor& cursor) {
    Text(" AND (close_time, start_time, run_id) < (");
    Add(CloseMicros(cursor.close_time));
    Text(", ");
    Add(ToMicros(cursor.start_time));
    Text(", ");
    Add(cursor.run_id);
    Text(")");
  }

  void Text(std::string_view text) { result_.text.append(text); }
  void Add(Parameter value) {
    result_.parameters.push_back(std::move(value));
    result_.text.push_back(mark_);
    result_.text.append(std::to_string(result_.parameters.size()));
    // In the order of Parameter's alternatives.
    constexpr const char* kCasts[] = {"::int8", "::bytea", "::uuid"};
    if (mark_ == '$') result_.text.append(kCasts[result_.parameters.back().index()]);
  }
  SqlStatement Take() { return std::move(result_); }

 private:
  void Compare(std::string_view left, Comparison comparison, Parameter right) {
    Text(left);
    Text(SignOf(comparison));
    Add(std::move(right));
  }

  void Add(const Filter& filter) {
    if (filter.kind == Filter::Kind::kCondition) return Add(filter.condition);
    const bool all = filter.kind == Filter::Kind::kAll;
    if (filter.parts.empty()) return Text(all ? "1 = 1" : "1 = 0");
    if (filter.parts.size() == 1) return Add(filter.parts.front());
    if (IsOneOf(filter)) return AddOneOf(filter.parts);
    const std::vector<const Filter*> parts = DeepestFirst(filter.parts);
    Text("(");
    AddChain(parts, all);
    Text(")");
  }

  // Halves of a long chain stand in parentheses: SQLite takes no expression that is deeper than 1000.
  void AddChain(absl::Span<const Filter* const> parts, bool all) {
    const std::string_view sign = all ? " AND " : " OR ";
    if (parts.size() > kLongestChain) {
      const size_t half = parts.size() / 2;
      Text("(");
      AddChain(parts.first(half), all);
      Text(")");
      Text(sign);
      Text("(");
      AddChain(parts.subspan(half), all);
      return Text(")");
    }
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i != 0) Text(sign);
      const Filter& part = *parts[i];
      // AND binds closer than OR, and needs no parentheses there.
      const bool bare = !all && part.kind == Filter::Kind::kAll && part.parts.size() > 1 &&
                        part.parts.size() <= kLongestChain;
      if (bare) {
        AddChain(DeepestFirst(part.parts), true);
      } else {
        Add(part);
      }
    }
  }

  // One column against many values: a row is looked up among them, and not compared with each.
  void AddOneOf(const std::vector<Filter>& equalities) {
    Text(NameOf(equalities.front().condition.column));
    const char* separator = " IN (";
    for (const Filter& equality : equalities) {
      Text(std::exchange(separator, ", "));
      Add(std::visit(ToParameter{}, equality.condition.value));
    }
    Text(")");
  }

  void Add(const Condition& condition) {
    if (condition.column == Column::kEntries) return AddEntries(condition);
    switch (condition.comparison) {
      case Comparison::kIsNull:
      case Comparison::kIsNotNull:
        return AddNullness(condition);
      case Comparison::kStartsWith:
      case Comparison::kNotStartsWith:
        return AddPrefix(condition);
      case Comparison::kEqual:
      case Comparison::kNotEqual:
      case Comparison::kLess:
      case Comparison::kLessOrEqual:
      case Comparison::kGreater:
      case Comparison::kGreaterOrEqual:
        return AddComparison(condition);
    }
    PERDURE_CHECK(false, "a comparison that is not one");
  }

  // Whether one of a row's entries, or none, stands in a range. A row without entries has null.
  void AddEntries(const Condition& condition) {
    const auto& range = std::get<EntryRange>(condition.value);
    const bool has = condition.comparison == Comparison::kEqual;
    if (mark_ == '?') {  // the store's own function (sqlite/entries.h)
      Text(has ? "has_entry(search_entries, " : "NOT has_entry(search_entries, ");
      Add(range.from);
      Text(", ");
      Add(range.below);
      return Text(")");
    }
    if (range.IsOne()) {
      Text("(search_entries @> ARRAY[");
      Add(range.from);
      return Text(has ? "])" : "]) IS NOT TRUE");
    }
    Text(has ? "EXISTS " : "NOT EXISTS ");
    Text("(SELECT 1 FROM unnest(search_entries) AS entry WHERE entry >= ");
    Add(range.from);
    Text(" AND entry < ");
    Add(range.below);
    Text(")");
  }

  void AddNullness(const Condition& condition) {
    const bool is_null = condition.comparison == Comparison::kIsNull;
    if (IsNullWhileOpen(condition.column))
      return Compare("close_time", is_null ? Comparison::kEqual : Comparison::kLess, kOpenMicros);
    if (!IsOfParent(condition.column)) return Text(is_null ? "1 = 0" : "1 = 1");
    Text(NameOf(condition.column));
    Text(is_null ? " IS NULL" : " IS NOT NULL");
  }

  void AddComparison(const Condition& condition) {
    const Parameter value = std::visit(ToParameter{}, condition.value);
    if (!IsNullWhileOpen(condition.column))
      return Compare(NameOf(condition.column), condition.comparison, value);
    Compare("(close_time", Comparison::kLess, kOpenMicros);
    Text(" AND ");
    Compare(NameOf(condition.column), condition.comparison, value);
    Text(")");
  }

  void AddPrefix(const Condition& condition) {
    const bool starts = condition.comparison == Comparison::kStartsWith;
    const auto& prefix = std::get<std::string>(condition.value);
    Text("(");
    Compare(NameOf(condition.column), starts ? Comparison::kGreaterOrEqual : Comparison::kLess, prefix);
    if (auto end = AfterPrefix(prefix)) {
      Text(starts ? " AND " : " OR ");
      Compare(NameOf(condition.column), starts ? Comparison::kLess : Comparison::kGreaterOrEqual,
              std::move(*end));
    }
    Text(")");
  }

  const char mark_;
  SqlStatement result_;
};

}  // namespace

SqlStatement ListStatement(const VisibilityQuery& query, char mark) {
  const bool bounded = mark == '$';
  Builder builder(mark);
  if (bounded) {
    builder.Text("SELECT ");
    builder.Text(kListColumns);
    builder.Text(kBoundedBegin);
  }
  builder.Text("SELECT ");
  builder.Text(kListColumns);
  builder.Text(" FROM executions");
  builder.Where(query);
  if (query.after) builder.After(*query.after);
  builder.Text(" ORDER BY close_time DESC, start_time DESC, run_id DESC LIMIT ");
  builder.Add(static_cast<int64_t>(query.page_size) + 1);
  if (bounded) {
    builder.Text(kBoundedEnd);
    builder.Add(static_cast<int64_t>(query.max_bytes));
    builder.Text(" OR place = 1 ORDER BY place");
  }
  return builder.Take();
}

SqlStatement CountStatement(const VisibilityQuery& query, char mark, CountBy by) {
  Builder builder(mark);
  builder.Text(query.group_by_status ? "SELECT CAST(status AS INTEGER), count(*)" : "SELECT 0, count(*)");
  builder.Text(" FROM executions");
  builder.Where(query, by);
  if (query.group_by_status) builder.Text(" GROUP BY status ORDER BY status");
  return builder.Take();
}

absl::Status TookTooLong(absl::Duration limit) {
  return absl::DeadlineExceededError(
      absl::StrCat("The list took longer than ", absl::FormatDuration(limit),
                   " and was stopped: narrow its query, by a type or a range of times for instance."));
}

}  // namespace perdure::persistence
