#include "persistence/postgres/pg_visibility.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "persistence/micros.h"

namespace perdure::persistence {
namespace {

constexpr absl::string_view kColumns =
    "shard, run_id, namespace_id, workflow_id, is_current, status, workflow_type, task_queue, start_time, "
    "execution_time, close_time, history_length, history_size_bytes, state_transition_count, memo, "
    "search_attributes, "
    "extra";

// A statement that grows, its parameters with it.
class Builder {
 public:
  explicit Builder(absl::string_view begin) : sql_(begin) {}

  void Text(absl::string_view text) { absl::StrAppend(&sql_, text); }
  void Param(std::string value, absl::string_view type) {
    params_.push_back(std::move(value));
    absl::StrAppend(&sql_, "$", params_.size(), "::", type);
  }
  PgStatement Take() && { return {"", std::move(sql_), std::move(params_)}; }

 private:
  std::string sql_;
  std::vector<std::string> params_;
};

absl::string_view NameOf(Column column) {
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
  return "";
}

absl::string_view OperatorOf(Comparison comparison) {
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
    case Comparison::kStartsWith:  // and less than the next prefix
      return " >= ";
  }
  return "";
}

// The least bytes that are greater than every string that begins with `prefix`; empty where there are none.
std::string BehindPrefix(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

void AddValue(Builder& builder, const std::variant<std::string, int64_t, absl::Time, Uuid>& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return builder.Param(*text, "bytea");
  if (const auto* number = std::get_if<int64_t>(&value)) return builder.Param(PgInt8(*number), "int8");
  if (const auto* time = std::get_if<absl::Time>(&value))
    return builder.Param(PgInt8(ToMicros(*time)), "int8");
  builder.Param(PgUuid(std::get<Uuid>(value)), "uuid");
}

void AddCondition(Builder& builder, const Condition& condition) {
  const absl::string_view column = NameOf(condition.column);
  builder.Text(absl::StrCat(" AND ", column, OperatorOf(condition.comparison)));
  AddValue(builder, condition.value);
  if (condition.comparison == Comparison::kStartsWith) {
    const std::string behind = BehindPrefix(std::get<std::string>(condition.value));
    if (!behind.empty()) {
      builder.Text(absl::StrCat(" AND ", column, " < "));
      builder.Param(behind, "bytea");
    }
  }
  if (condition.column == Column::kCloseTime) {
    builder.Text(" AND close_time < ");
    builder.Param(PgInt8(kOpenMicros), "int8");
  }
}

void AddConditions(Builder& builder, const VisibilityQuery& query) {
  builder.Text(" FROM executions WHERE namespace_id = ");
  builder.Param(PgUuid(query.namespace_id), "uuid");
  for (const Condition& condition : query.conditions) AddCondition(builder, condition);
}

}  // namespace

PgStatement ListStatement(const VisibilityQuery& query) {
  Builder builder(absl::StrCat("SELECT ", kColumns));
  AddConditions(builder, query);
  if (query.after.has_value()) {
    builder.Text(" AND (close_time, start_time, run_id) < (");
    builder.Param(PgInt8(CloseMicros(query.after->close_time)), "int8");
    builder.Text(", ");
    builder.Param(PgInt8(ToMicros(query.after->start_time)), "int8");
    builder.Text(", ");
    builder.Param(PgUuid(query.after->run_id), "uuid");
    builder.Text(")");
  }
  builder.Text(" ORDER BY close_time DESC, start_time DESC, run_id DESC LIMIT ");
  builder.Param(PgInt8(static_cast<int64_t>(query.page_size) + 1), "int8");
  return std::move(builder).Take();
}

PgStatement CountStatement(const VisibilityQuery& query) {
  Builder builder(query.group_by_status ? "SELECT status, count(*)" : "SELECT 0, count(*)");
  AddConditions(builder, query);
  if (query.group_by_status) builder.Text(" GROUP BY status ORDER BY status");
  return std::move(builder).Take();
}

VisibilityPage PageOf(const PGresult& result, size_t page_size) {
  VisibilityPage page;
  const int rows = PQntuples(&result);
  page.more = static_cast<size_t>(rows) > page_size;
  for (int i = 0; i < rows && page.rows.size() < page_size; ++i) {
    int column = 0;
    VisibilityRow& out = page.rows.emplace_back();
    out.key.shard = static_cast<ShardId>(PgGetInt4(result, i, column++));
    out.key.run_id = PgGetUuid(result, i, column++);
    out.row.namespace_id = PgGetUuid(result, i, column++);
    out.row.workflow_id = PgGetBytes(result, i, column++);
    out.row.current = PgGetBool(result, i, column++);
    out.row.status = PgGetInt4(result, i, column++);
    out.row.workflow_type = PgGetBytes(result, i, column++);
    out.row.task_queue = PgGetBytes(result, i, column++);
    out.row.start_time = FromMicros(PgGetInt8(result, i, column++));
    out.row.execution_time = FromMicros(PgGetInt8(result, i, column++));
    out.row.close_time = CloseTime(PgGetInt8(result, i, column++));
    out.row.history_length = PgGetInt8(result, i, column++);
    out.row.history_size_bytes = PgGetInt8(result, i, column++);
    out.row.state_transition_count = PgGetInt8(result, i, column++);
    out.row.memo = PgGetBytes(result, i, column++);
    out.row.search_attributes = PgGetBytes(result, i, column++);
    out.row.extra = PgGetBytes(result, i, column++);
  }
  return page;
}

std::vector<CountGroup> CountsOf(const PGresult& result) {
  std::vector<CountGroup> counts;
  for (int i = 0; i < PQntuples(&result); ++i)
    counts.push_back({PgGetInt4(result, i, 0), PgGetInt8(result, i, 1)});
  return counts;
}

}  // namespace perdure::persistence
