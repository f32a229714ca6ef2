#include "server/visibility/list_filter.h"

#include <string>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "base/limits.h"

namespace perdure::server {
namespace {

using persistence::Comparison;
using persistence::Condition;
using persistence::Filter;

absl::StatusOr<ListFilter> Parse(std::string_view text) {
  return ParseListFilter(text, {{"CustomKeyword", temporal::api::enums::v1::INDEXED_VALUE_TYPE_KEYWORD}});
}

std::string Error(std::string_view text) {
  const auto parsed = Parse(text);
  return parsed.ok() ? "parsed" : std::string(parsed.status().message());
}

struct ToText {
  std::string operator()(const std::string& text) const { return "'" + text + "'"; }
  std::string operator()(int64_t number) const { return fmt::format("{}", number); }
  std::string operator()(absl::Time time) const { return absl::FormatTime(time, absl::UTCTimeZone()); }
  std::string operator()(const Uuid& id) const { return id.ToString(); }
  std::string operator()(absl::Duration duration) const { return absl::FormatDuration(duration); }
  std::string operator()(const persistence::EntryRange& range) const {
    return range.IsOne() ? range.from : range.from + " to " + range.below;
  }
};

std::string ToString(const Condition& condition) {
  constexpr const char* kColumns[] = {"id",    "run",      "type",     "queue",  "status",     "start",
                                      "exec",  "root id",  "root run", "parent", "parent run", "an entry",
                                      "close", "duration", "length",   "size",   "transitions"};
  constexpr const char* kSigns[] = {"=",  "!=",     "<",          "<=",   ">",
                                    ">=", "starts", "not starts", "null", "not null"};
  const std::string column = kColumns[static_cast<int>(condition.column)];
  const std::string sign = kSigns[static_cast<int>(condition.comparison)];
  if (condition.comparison >= Comparison::kIsNull) return column + " " + sign;
  return column + " " + sign + " " + std::visit(ToText{}, condition.value);
}

std::string ToString(const Filter& filter) {
  if (filter.kind == Filter::Kind::kCondition) return ToString(filter.condition);
  const bool all = filter.kind == Filter::Kind::kAll;
  if (filter.parts.empty()) return all ? "always" : "never";
  std::string text;
  for (const Filter& part : filter.parts) {
    text += (text.empty() ? "(" : all ? " and " : " or ") + ToString(part);
  }
  return text + ")";
}

// What the filter means.
std::string Read(std::string_view text) {
  const auto parsed = Parse(text);
  return parsed.ok() ? ToString(parsed->filter) : std::string(parsed.status().message());
}

// What the filter means in a list of activities.
std::string ReadOfActivities(std::string_view text) {
  const auto parsed = ParseListFilter(text, {}, ListedActivities());
  return parsed.ok() ? ToString(parsed->filter) : std::string(parsed.status().message());
}

}  // namespace

TEST_CASE("an empty filter holds always") {
  CHECK(Read("") == "always");
  CHECK(Read("  ") == "always");
}

TEST_CASE("comparisons of each column") {
  CHECK(Read("WorkflowId = 'order-1'") == "id = 'order-1'");
  CHECK(Read("`WorkflowType`<>'Pay'") == "type != 'Pay'");
  CHECK(Read("WorkflowId STARTS_WITH 'order'") == "id starts 'order'");
  CHECK(Read("TaskQueue != \"q\"") == "queue != 'q'");
  CHECK(Read("StartTime >= '1970-01-01T00:00:01+00:00'") == "start >= 1970-01-01T00:00:01+00:00");
  CHECK(Read("CloseTime < 1000") == "close < 1970-01-01T00:00:00.000001+00:00");
  CHECK(Read("ExecutionTime > '1970-01-01T02:00:00+02:00'") == "exec > 1970-01-01T00:00:00+00:00");
  CHECK(Read("HistoryLength <= 10") == "length <= 10");
  CHECK(Read("HistorySizeBytes = -1") == "size = -1");
  CHECK(Read("StateTransitionCount > 3") == "transitions > 3");
}

TEST_CASE("durations in the forms of the API") {
  CHECK(Read("ExecutionDuration > '1h30m'") == "duration > 1h30m");
  CHECK(Read("ExecutionDuration > '2d'") == "duration > 48h");
  CHECK(Read("ExecutionDuration > '00:01:30'") == "duration > 1m30s");
  CHECK(Read("ExecutionDuration > 1500") == "duration > 1.5us");
  CHECK(
      Read("ExecutionDuration > 'x'") ==
      "invalid query: invalid expression: invalid duration value for search attribute ExecutionDuration: x");
  CHECK_FALSE(Parse("ExecutionDuration > '00:01:30x'").ok());
  CHECK_FALSE(Parse("ExecutionDuration > 'inf'").ok());
}

TEST_CASE("a status is named or numbered; runs that run have no close time") {
  CHECK(Read("ExecutionStatus != \"TimedOut\"") == "status != 7");
  CHECK(Read("ExecutionStatus = 2") == "status = 2");
  CHECK(Read("ExecutionStatus = 'Running'") == "(status = 1 and close null)");
  CHECK(Read("ExecutionStatus = 'WORKFLOW_EXECUTION_STATUS_RUNNING'") == "(status = 1 and close null)");
  CHECK(Read("NOT ExecutionStatus = 'Running'") == "status != 1");
  CHECK(Read("ExecutionStatus IN ('Failed', 7)") == "(status = 3 or status = 7)");
  CHECK(Error("ExecutionStatus = 4294967298") ==
        "invalid query: invalid expression: invalid ExecutionStatus value 4294967298");
}

TEST_CASE("run ids are compared as text") {
  const std::string run = "11111111-2222-4333-8444-555555555555";
  CHECK(Read("RunId = '" + run + "'") == "run = " + run);
  CHECK(Read("RunId = 'x'") == "never");
  CHECK(Read("RunId != 'x'") == "always");
  CHECK(Read("RunId STARTS_WITH 'x'") == "never");
  CHECK(Read("RunId NOT STARTS_WITH 'x'") == "always");
  const std::string first = "11111111-2000-0000-0000-000000000000";
  const std::string last = "11111111-2fff-ffff-ffff-ffffffffffff";
  CHECK(Read("RunId STARTS_WITH '11111111-2'") == fmt::format("(run >= {} and run <= {})", first, last));
  CHECK(Read("NOT RunId STARTS_WITH '11111111-2'") == fmt::format("(run < {} or run > {})", first, last));
  CHECK(Read("RunId > '11111111-2'") == "run >= " + first);
  CHECK(Read("RunId <= '11111111-2'") == "run < " + first);
  CHECK(Read("RunId STARTS_WITH 'ABC'") == "never");
}

TEST_CASE("a parent is null where there is none, a root never") {
  CHECK(Read("RootWorkflowId = 'a'") == "root id = 'a'");
  CHECK(Read("ParentWorkflowId = 'a' OR ParentRunId = 'b'") == "(parent = 'a' or never)");
  CHECK(Read("NOT ParentRunId = 'b'") == "parent run not null");
  CHECK(Read("ParentRunId NOT STARTS_WITH 'x'") == "parent run not null");
  CHECK(Read("NOT RootRunId = 'b'") == "always");
  CHECK(Read("ParentWorkflowId IS NULL AND TemporalWorkerDeployment IS NOT NULL") ==
        "(parent null and never)");
  CHECK(Error("ParentWorkflowId = 5") ==
        "invalid query: invalid expression: invalid value type for search attribute ParentWorkflowId of type "
        "Keyword: 5 (type: int64)");
}

TEST_CASE("quotes inside strings are doubled or escaped") {
  CHECK(Read("WorkflowId = 'it''s'") == "id = 'it's'");
  CHECK(Read(R"(WorkflowId = "a\"b")") == "id = 'a\"b'");
}

TEST_CASE("AND binds closer than OR; either in any case, and as signs") {
  CHECK(Read("(WorkflowId = 'a' and (WorkflowType = 'b')) AND HistoryLength = 1") ==
        "((id = 'a' and type = 'b') and length = 1)");
  CHECK(Read("WorkflowId='a' OR WorkflowId='b' AND WorkflowId='c' or WorkflowId='d'") ==
        "(id = 'a' or (id = 'b' and id = 'c') or id = 'd')");
  CHECK(Read("WorkflowId='a' || WorkflowId='b' && WorkflowId='c'") ==
        "(id = 'a' or (id = 'b' and id = 'c'))");
  CHECK(Read("(WorkflowId='a' OR WorkflowId='b') AND WorkflowId='c'") ==
        "((id = 'a' or id = 'b') and id = 'c')");
}

TEST_CASE("NOT turns comparisons round") {
  CHECK(Read("NOT WorkflowId='a'") == "id != 'a'");
  CHECK(Read("NOT NOT WorkflowId='a'") == "id = 'a'");
  CHECK(Read("NOT (WorkflowId='a' OR StartTime < 0 AND CloseTime IS NULL)") ==
        "(id != 'a' and (start >= 1970-01-01T00:00:00+00:00 or close not null))");
  CHECK(Read("NOT (HistoryLength <= 1 OR HistoryLength > 2) AND WorkflowId='a'") ==
        "((length > 1 and length <= 2) and id = 'a')");
}

TEST_CASE("BETWEEN, IN, STARTS_WITH and IS NULL, each also with NOT") {
  CHECK(Read("HistoryLength BETWEEN 1 AND 2 AND RunId != 'x'") ==
        "((length >= 1 and length <= 2) and always)");
  CHECK(Read("HistoryLength NOT BETWEEN 1 AND 2") == "(length < 1 or length > 2)");
  CHECK(Read("WorkflowId IN ('a', \"b\")") == "(id = 'a' or id = 'b')");
  CHECK(Read("WorkflowId IN ('a')") == "id = 'a'");
  CHECK(Read("WorkflowId NOT IN ('a', 'b')") == "(id != 'a' and id != 'b')");
  CHECK(Read("NOT WorkflowId NOT IN ('a', 'b')") == "(id = 'a' or id = 'b')");
  CHECK(Read("WorkflowId not starts_with 'a'") == "id not starts 'a'");
  CHECK(Read("CloseTime is null") == "close null");
  CHECK(Read("CloseTime IS NOT NULL") == "close not null");
  CHECK(Read("WorkflowType IS NULL") == "type null");
}

TEST_CASE("activities have names of their own, and those of workflows") {
  CHECK(ReadOfActivities("ActivityId = 'a' AND ActivityType STARTS_WITH 'b'") ==
        "(id = 'a' and type starts 'b')");
  CHECK(ReadOfActivities("WorkflowId = 'a' AND TaskQueue = 'q'") == "(id = 'a' and queue = 'q')");
  CHECK(ReadOfActivities("StateTransitionCount > 3 AND HistoryLength IS NULL") ==
        "(transitions > 3 and length null)");
  CHECK(ReadOfActivities("WorkflowType = 'b' OR WorkflowType IS NULL") == "(never or never)");
  CHECK(ReadOfActivities("WorkflowType < 'b'") == "always");
  CHECK(ReadOfActivities("RootRunId IS NOT NULL AND ParentRunId IS NULL") == "(always and always)");
  CHECK(ReadOfActivities("Nope = 'a'") == "invalid query: invalid search attribute: Nope");
  CHECK(Error("ActivityId = 'a'") == "invalid query: invalid search attribute: ActivityId");
  CHECK(Error("ActivityType = 'a'") == "invalid query: invalid search attribute: ActivityType");
}

TEST_CASE("the status of an activity compares as its name does") {
  CHECK(ReadOfActivities("ExecutionStatus = 'Running'") == "(status = 1 and close null)");
  CHECK(ReadOfActivities("ExecutionStatus = 'TimedOut'") == "status = 6");
  CHECK(ReadOfActivities("ExecutionStatus = 'running'") == "never");
  CHECK(ReadOfActivities("ExecutionStatus = 'ContinuedAsNew'") == "never");
  CHECK(ReadOfActivities("ExecutionStatus STARTS_WITH 'C'") == "(status = 2 or status = 4)");
  CHECK(ReadOfActivities("ExecutionStatus > 'D'") ==
        "((status = 1 and close null) or status = 3 or status = 5 or status = 6 or status = 7)");
  CHECK(ReadOfActivities("ExecutionStatus = 1") ==
        "invalid query: invalid expression: invalid value type for search attribute ExecutionStatus of type "
        "Keyword: 1 (type: int64)");
}

TEST_CASE("a filter is a query over its kind") {
  const auto kind = [](const ListedKind& listed) {
    return ToQuery(Uuid{}, *ParseListFilter("", {}, listed)).kind;
  };
  CHECK(kind(ListedWorkflows()) == 1);
  CHECK(kind(ListedActivities()) == 2);
}

TEST_CASE("counts are grouped by status only") {
  CHECK(Parse("GROUP BY ExecutionStatus")->group_by_status);
  CHECK(Parse("WorkflowId='a' group by ExecutionStatus")->group_by_status);
  CHECK(Error("WorkflowId='a' GROUP BY WorkflowType") ==
        "invalid query: operation is not supported: 'GROUP BY' clause is not supported for search attribute "
        "WorkflowType");
  CHECK(Error("GROUP BY CustomKeyword") ==
        "invalid query: operation is not supported: 'GROUP BY' clause is not supported for search attribute "
        "CustomKeyword");
  CHECK(Error("GROUP BY Nope") == "invalid query: invalid search attribute: Nope");
  CHECK(Error("GROUP BY ExecutionStatus, WorkflowType") ==
        "invalid query: operation is not supported: 'GROUP BY' clause supports only a single field");
}

TEST_CASE("a filter that names a workflow id reads its shard only") {
  const Uuid space = *Uuid::Parse("11111111-2222-4333-8444-555555555555");
  const auto shard = [&](std::string_view text) { return ToQuery(space, *Parse(text)).shard; };
  const ShardId of_a = ShardOf(space, "a");
  CHECK(shard("WorkflowId = 'a'") == of_a);
  CHECK(shard("ExecutionStatus = 'Running' AND (RunId != 'x' AND WorkflowId = 'a')") == of_a);
  CHECK_FALSE(shard("").has_value());
  CHECK_FALSE(shard("WorkflowId != 'a'").has_value());
  CHECK_FALSE(shard("WorkflowId = 'a' OR WorkflowType = 'b'").has_value());
  CHECK_FALSE(shard("NOT WorkflowId = 'a'").has_value());
}

TEST_CASE("errors in the real server's words") {
  CHECK(Error("Nope = 'x'") == "invalid query: invalid search attribute: Nope");
  CHECK(Error("workflowid='wa'") == "invalid query: invalid search attribute: workflowid");
  CHECK(Error("ExecutionStatus='running'") ==
        "invalid query: invalid expression: invalid ExecutionStatus value 'running'");
  CHECK(Error("StartTime > 'x'") == "invalid query: invalid expression: unable to parse datetime 'x'");
  CHECK(Error("StartTime >= '2020-01-01'") ==
        "invalid query: invalid expression: unable to parse datetime '2020-01-01'");
  CHECK(Error("WorkflowId") == "invalid query: invalid expression: incomplete expression");
  CHECK(Error("WorkflowId =") == "invalid query: malformed SQL query: syntax error at position 40");
  CHECK(Error("limit 5") == "invalid query: malformed SQL query: syntax error at position 33 near 'limit'");
  CHECK(Error("WorkflowId = wa") ==
        "invalid query: operation is not supported: column name on the right side of comparison expression "
        "(did you "
        "forget to quote \"wa\"?)");
  CHECK(Error("WorkflowId = 5") ==
        "invalid query: invalid expression: invalid value type for search attribute WorkflowId of type "
        "Keyword: 5 "
        "(type: int64)");
  CHECK(Error("WorkflowId='wa' ORDER BY StartTime") ==
        "invalid query: operation is not supported: 'ORDER BY' clause");
  CHECK(Error("ORDER BY StartTime") == "invalid query: operation is not supported: 'ORDER BY' clause");
  CHECK(Error("WorkflowId='wa' LIMIT 5") == "invalid query: operation is not supported: 'LIMIT' clause");
  CHECK(Error("HistoryLength = \"3\"") ==
        "invalid query: invalid expression: invalid value type for search attribute HistoryLength of type "
        "Int: \"3\" (type: string)");
  CHECK(Error("WorkflowType = true") ==
        "invalid query: invalid expression: invalid value type for search attribute WorkflowType of type "
        "Keyword: true (type: bool)");
  for (const char* cut :
       {"WorkflowId IN ()", "WorkflowId IN 'a'", "WorkflowId IN ('a',)", "WorkflowId IN ('a'",
        "WorkflowId NOT", "WorkflowId NOT = 'a'", "NOT", "()", "WorkflowId = 'a' OR",
        "WorkflowId BETWEEN 'a'", "WorkflowId IS", "OR WorkflowId = 'a'"}) {
    CHECK(Error(cut).find("invalid query: malformed SQL query: syntax error") == 0);
  }
  CHECK(Error("WorkflowId like 'w%'") ==
        "invalid query: operation is not supported: operator 'LIKE' not supported for Keyword type search "
        "attribute "
        "'WorkflowId'");
}

TEST_CASE("what is not searched yet is refused by name") {
  const auto parsed = Parse("TemporalNamespaceDivision = 'a'");
  CHECK(parsed.status().code() == absl::StatusCode::kUnimplemented);
  CHECK(parsed.status().message() ==
        "a list filter on the search attribute 'TemporalNamespaceDivision' is not supported by this server "
        "yet");
}

TEST_CASE("a filter is bounded in depth and size") {
  CHECK_FALSE(Parse(std::string(10000, '(')).ok());
  CHECK_FALSE(Parse("RunId = 'x' OR " + std::string(10000, '(')).ok());
  std::string nots;
  for (int i = 0; i < 3000; ++i) nots += "NOT ";
  CHECK(Read(nots + "WorkflowId = 'a'") == "id = 'a'");
  std::string values = "1";
  for (size_t i = 1; i < limits::kListFilterComparisons; ++i) values += ",1";
  CHECK(Parse("HistoryLength IN (" + values + ")").ok());
  CHECK_FALSE(Parse("HistoryLength IN (" + values + ",1)").ok());
  CHECK_FALSE(Parse("WorkflowId = '" + std::string(limits::kListFilterSize, 'x') + "'").ok());
}

TEST_CASE("cut off anywhere, and with strange bytes, a filter is an error and nothing worse") {
  const std::string whole =
      "(WorkflowId = 'it''s' OR NOT StartTime BETWEEN 1 AND -2.5e3 && RunId IN ('a', 'b')) \x80 GROUP BY "
      "ExecutionStatus";
  for (size_t i = 0; i < whole.size(); ++i) {
    const auto parsed = Parse(whole.substr(0, i));
    if (!parsed.ok()) CHECK(parsed.status().code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK_FALSE(Parse(std::string_view("\0\xff", 2)).ok());
}

}  // namespace perdure::server
