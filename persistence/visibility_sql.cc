#include "persistence/visibility_sql.h"

#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "persistence/micros.h"

namespace perdure::persistence {
namespace {

constexpr char kListColumns[] =
    "shard, run_id, namespace_id, workflow_id, is_current, status, workflow_type, task_queue, start_time, "
    "execution_time, close_time, history_length, history_size_bytes, state_transition_count, memo, "
    "search_attributes, extra";

using Parameter = std::variant<int64_t, std::string, Uuid>;

const char* NameOf(Column column) {
  switch (column) {
    case Column::kWorkflowId:
      return "workflow_id";
    case Column::kRunId:
      return "run_id";
    case Column::kWorkflowType:
      return "workflow_type";
    case Column::kStatus:
      return "status";
    case Column::kStartTime:
      return "start_time";
    case Column::kCloseTime:
      return "close_time";
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
    case Comparison::kStartsWith:
      return " >= ";
  }
  PERDURE_CHECK(false, "a comparison that is not one");
}

Parameter ValueOf(const Condition& condition) {
  switch (condition.column) {
    case Column::kWorkflowId:
    case Column::kWorkflowType:
      return std::get<std::string>(condition.value);
    case Column::kRunId:
      return std::get<Uuid>(condition.value);
    case Column::kStatus:
      return std::get<int64_t>(condition.value);
    case Column::kStartTime:
    case Column::kCloseTime:
      return ToMicros(std::get<absl::Time>(condition.value));
  }
  PERDURE_CHECK(false, "a column that is not one");
}

// The least text that is greater than every text with this prefix; nothing where there is none.
std::optional<std::string> AfterPrefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

class Builder {
 public:
  explicit Builder(char mark) : mark_(mark) {}

  void And(std::string_view left, std::string_view sign, Parameter value) {
    Text(" AND ");
    Text(left);
    Text(sign);
    Add(std::move(value));
  }

  void And(const Condition& condition) {
    const char* column = NameOf(condition.column);
    And(column, SignOf(condition.comparison), ValueOf(condition));
    if (condition.column == Column::kCloseTime) And(column, " < ", kOpenMicros);
    if (condition.comparison != Comparison::kStartsWith) return;
    if (auto end = AfterPrefix(std::get<std::string>(condition.value))) And(column, " < ", std::move(*end));
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
  const char mark_;
  SqlStatement result_;
};

void AddConditions(const VisibilityQuery& query, Builder& builder) {
  builder.Text(" FROM executions WHERE namespace_id = ");
  builder.Add(query.namespace_id);
  for (const Condition& condition : query.conditions) builder.And(condition);
}

}  // namespace

SqlStatement ListStatement(const VisibilityQuery& query, char mark) {
  Builder builder(mark);
  builder.Text("SELECT ");
  builder.Text(kListColumns);
  AddConditions(query, builder);
  if (query.after) builder.After(*query.after);
  builder.Text(" ORDER BY close_time DESC, start_time DESC, run_id DESC LIMIT ");
  builder.Add(static_cast<int64_t>(query.page_size) + 1);
  return builder.Take();
}

SqlStatement CountStatement(const VisibilityQuery& query, char mark) {
  Builder builder(mark);
  builder.Text(query.group_by_status ? "SELECT CAST(status AS INTEGER), count(*)" : "SELECT 0, count(*)");
  AddConditions(query, builder);
  if (query.group_by_status) builder.Text(" GROUP BY status ORDER BY status");
  return builder.Take();
}

}  // namespace perdure::persistence
