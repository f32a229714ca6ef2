#include "server/visibility/list_filter.h"

#include <string>

#include <catch2/catch.hpp>

#include "base/limits.h"

namespace perdure::server {
namespace {

using persistence::Column;
using persistence::Comparison;

absl::StatusOr<ListFilter> Parse(std::string_view text) {
  return ParseListFilter(text, [](std::string_view name) { return name == "CustomKeyword"; });
}

std::string Error(std::string_view text) {
  const auto parsed = Parse(text);
  return parsed.ok() ? "parsed" : std::string(parsed.status().message());
}

persistence::Condition One(std::string_view text) {
  const auto parsed = Parse(text);
  INFO(text);
  REQUIRE(parsed.ok());
  REQUIRE(parsed->conditions.size() == 1);
  return parsed->conditions.front();
}

}  // namespace

TEST_CASE("an empty filter has no condition") {
  REQUIRE(Parse("").ok());
  CHECK(Parse("")->conditions.empty());
  CHECK(Parse("  ")->conditions.empty());
}

TEST_CASE("comparisons of each column") {
  const auto id = One("WorkflowId = 'order-1'");
  CHECK(id.column == Column::kWorkflowId);
  CHECK(id.comparison == Comparison::kEqual);
  CHECK(std::get<std::string>(id.value) == "order-1");
  CHECK(std::get<int64_t>(One("ExecutionStatus != \"TimedOut\"").value) == 7);
  CHECK(std::get<int64_t>(One("ExecutionStatus = 2").value) == 2);
  CHECK(One("`WorkflowType`<>'Pay'").comparison == Comparison::kNotEqual);
  CHECK(One("WorkflowId STARTS_WITH 'order'").comparison == Comparison::kStartsWith);
  CHECK(std::get<absl::Time>(One("StartTime >= '1970-01-01T00:00:01+00:00'").value) ==
        absl::FromUnixSeconds(1));
  CHECK(std::get<absl::Time>(One("CloseTime < 1000").value) == absl::FromUnixNanos(1000));
  const auto run = One("RunId = '11111111-2222-4333-8444-555555555555'");
  CHECK(std::get<Uuid>(run.value) == *Uuid::Parse("11111111-2222-4333-8444-555555555555"));
}

TEST_CASE("what is no run id equals none") { CHECK(std::get<Uuid>(One("RunId = 'x'").value).IsNil()); }

TEST_CASE("quotes inside strings are doubled or escaped") {
  CHECK(std::get<std::string>(One("WorkflowId = 'it''s'").value) == "it's");
  CHECK(std::get<std::string>(One(R"(WorkflowId = "a\"b")").value) == "a\"b");
}

TEST_CASE("conditions are joined by AND, in any case and in parentheses") {
  const auto parsed = Parse("(WorkflowId = 'a' and (WorkflowType = 'b')) AND ExecutionStatus='Running'");
  REQUIRE(parsed.ok());
  CHECK(parsed->conditions.size() == 3);
}

TEST_CASE("BETWEEN is two comparisons") {
  const auto parsed =
      Parse("StartTime BETWEEN '2020-01-01T00:00:00Z' AND '2030-01-01T00:00:00Z' AND RunId != 'x'");
  REQUIRE(parsed.ok());
  REQUIRE(parsed->conditions.size() == 3);
  CHECK(parsed->conditions[0].comparison == Comparison::kGreaterOrEqual);
  CHECK(parsed->conditions[1].comparison == Comparison::kLessOrEqual);
}

TEST_CASE("a run without a close time is one that runs") {
  CHECK(One("CloseTime IS NULL").column == Column::kStatus);
  CHECK(std::get<int64_t>(One("CloseTime is null").value) == 1);
  CHECK(One("CloseTime is not null").comparison == Comparison::kNotEqual);
}

TEST_CASE("counts are grouped by status only") {
  CHECK(Parse("GROUP BY ExecutionStatus")->group_by_status);
  CHECK(Parse("WorkflowId='a' group by ExecutionStatus")->group_by_status);
  CHECK_FALSE(Parse("WorkflowId='a' GROUP BY WorkflowType").ok());
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
  CHECK(Error("WorkflowId like 'w%'") ==
        "invalid query: operation is not supported: operator 'LIKE' not supported for Keyword type search "
        "attribute "
        "'WorkflowId'");
}

TEST_CASE("what is not built yet is refused by name") {
  CHECK(Error("WorkflowId='a' OR WorkflowId='b'") ==
        "invalid query: operation is not supported: 'OR' expression");
  CHECK(Error("TaskQueue='a'") ==
        "invalid query: operation is not supported: filter on search attribute 'TaskQueue'");
  CHECK(Error("CustomKeyword='a'") ==
        "invalid query: operation is not supported: filter on search attribute 'CustomKeyword'");
}

TEST_CASE("a filter is bounded in depth and size") {
  CHECK_FALSE(Parse(std::string(10000, '(')).ok());
  CHECK_FALSE(Parse("WorkflowId = '" + std::string(limits::kListFilterSize, 'x') + "'").ok());
}

TEST_CASE("cut off anywhere, and with strange bytes, a filter is an error and nothing worse") {
  const std::string whole =
      "(WorkflowId = 'it''s' AND StartTime BETWEEN 1 AND -2.5e3) \x80 GROUP BY ExecutionStatus";
  for (size_t i = 0; i < whole.size(); ++i) {
    const auto parsed = Parse(whole.substr(0, i));
    if (!parsed.ok()) CHECK(parsed.status().code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK_FALSE(Parse(std::string_view("\0\xff", 2)).ok());
}

}  // namespace perdure::server
