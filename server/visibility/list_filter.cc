#include "server/visibility/list_filter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "absl/time/time.h"
#include "base/limits.h"
#include "base/status.h"
#include "server/visibility/filter_columns.h"
#include "server/visibility/filter_lexer.h"

namespace perdure::server {
namespace {

using persistence::Comparison;
using persistence::Condition;
using Kind = FilterToken::Kind;

// What the real server puts before a filter to make an SQL statement of it: its positions count from there.
constexpr size_t kPrefix = std::string_view("select * from table1 where ").size();

absl::Status Unsupported(std::string_view what) {
  return InvalidArgument(fmt::format("invalid query: operation is not supported: {}", what));
}

std::optional<Comparison> ComparisonOf(const FilterToken& token) {
  if (token.IsSymbol("=")) return Comparison::kEqual;
  if (token.IsSymbol("!=") || token.IsSymbol("<>")) return Comparison::kNotEqual;
  if (token.IsSymbol("<")) return Comparison::kLess;
  if (token.IsSymbol("<=")) return Comparison::kLessOrEqual;
  if (token.IsSymbol(">")) return Comparison::kGreater;
  if (token.IsSymbol(">=")) return Comparison::kGreaterOrEqual;
  if (token.IsKeyword("STARTS_WITH")) return Comparison::kStartsWith;
  return std::nullopt;
}

// Recursive descent: conjunction = term {AND term}; term = "(" conjunction ")" | name comparison value | ...
class Parser {
 public:
  Parser(std::string_view text, absl::FunctionRef<bool(std::string_view)> is_custom)
      : lexer_(text), is_custom_(is_custom) {
    Advance();
  }

  absl::StatusOr<ListFilter> Parse() {
    if (token_.kind == Kind::kEnd) return std::move(filter_);
    if (!token_.IsKeyword("GROUP")) {
      const absl::Status status = Conjunction(0);
      if (!status.ok()) return status;
    }
    if (token_.IsKeyword("GROUP")) {
      const absl::Status status = GroupBy();
      if (!status.ok()) return status;
    }
    if (token_.IsKeyword("ORDER")) return Unsupported("'ORDER BY' clause");
    if (token_.IsKeyword("LIMIT")) return Unsupported("'LIMIT' clause");
    if (token_.kind != Kind::kEnd) return SyntaxError();
    return std::move(filter_);
  }

 private:
  void Advance() { token_ = lexer_.Next(); }

  absl::Status SyntaxError() const {
    const std::string near = token_.kind == Kind::kEnd ? "" : fmt::format(" near '{}'", token_.text);
    return InvalidArgument(fmt::format("invalid query: malformed SQL query: syntax error at position {}{}",
                                       kPrefix + token_.end + 1, near));
  }

  absl::Status Conjunction(size_t depth) {
    if (depth > limits::kListFilterDepth) return Unsupported("parentheses nested that deep");
    while (true) {
      const absl::Status status = Term(depth);
      if (!status.ok()) return status;
      if (token_.IsKeyword("OR")) return Unsupported("'OR' expression");
      if (!token_.IsKeyword("AND")) return absl::OkStatus();
      Advance();
    }
  }

  absl::Status Term(size_t depth) {
    if (token_.IsKeyword("NOT")) return Unsupported("'NOT' expression");
    if (token_.IsSymbol("(")) {
      Advance();
      const absl::Status status = Conjunction(depth + 1);
      if (!status.ok()) return status;
      if (!token_.IsSymbol(")")) return SyntaxError();
      Advance();
      return absl::OkStatus();
    }
    if (token_.kind != Kind::kName || token_.IsKeyword("LIMIT") || token_.IsKeyword("ORDER") ||
        token_.IsKeyword("AND")) {
      return SyntaxError();
    }
    std::string name = std::exchange(token_, {}).text;
    Advance();
    return NameRead(name);
  }

  // `name` has been read.
  absl::Status NameRead(const std::string& name) {
    if (token_.kind == Kind::kEnd || token_.IsSymbol(")") || token_.IsKeyword("AND")) {
      return InvalidArgument("invalid query: invalid expression: incomplete expression");
    }
    if (token_.IsKeyword("IS")) return IsNull(name);
    if (token_.IsKeyword("BETWEEN")) return Between(name);
    if (token_.IsKeyword("IN")) return Unsupported("'IN' expression");
    if (token_.IsKeyword("NOT")) return Unsupported("'NOT' expression");
    if (token_.IsKeyword("LIKE")) {
      return Unsupported(
          fmt::format("operator 'LIKE' not supported for Keyword type search attribute '{}'", name));
    }
    const auto comparison = ComparisonOf(token_);
    if (!comparison) return SyntaxError();
    Advance();
    return Compare(name, *comparison);
  }

  // Reads the value.
  absl::Status Compare(const std::string& name, Comparison comparison) {
    if (token_.kind == Kind::kEnd || token_.kind == Kind::kBad || token_.kind == Kind::kSymbol)
      return SyntaxError();
    const auto column = FindFilterColumn(name, is_custom_);
    if (!column.ok()) return column.status();
    if (token_.kind == Kind::kName) {
      return Unsupported(fmt::format(
          "column name on the right side of comparison expression (did you forget to quote \"{}\"?)",
          token_.text));
    }
    auto condition = MakeCondition(name, *column, comparison, token_);
    if (!condition.ok()) return condition.status();
    filter_.conditions.push_back(*std::move(condition));
    Advance();
    return absl::OkStatus();
  }

  absl::Status Between(const std::string& name) {
    Advance();
    absl::Status status = Compare(name, Comparison::kGreaterOrEqual);
    if (!status.ok()) return status;
    if (!token_.IsKeyword("AND")) return SyntaxError();
    Advance();
    return Compare(name, Comparison::kLessOrEqual);
  }

  // A run is open exactly as long as it has no close time.
  absl::Status IsNull(const std::string& name) {
    Advance();
    const bool negated = token_.IsKeyword("NOT");
    if (negated) Advance();
    if (!token_.IsKeyword("NULL")) return SyntaxError();
    Advance();
    const auto column = FindFilterColumn(name, is_custom_);
    if (!column.ok()) return column.status();
    const bool never_null = *column != persistence::Column::kCloseTime;
    if (never_null && negated) return absl::OkStatus();
    const Comparison comparison = negated ? Comparison::kNotEqual : Comparison::kEqual;
    filter_.conditions.push_back(
        {persistence::Column::kStatus, comparison, never_null ? kNoStatus : kRunning});
    return absl::OkStatus();
  }

  absl::Status GroupBy() {
    Advance();
    if (!token_.IsKeyword("BY")) return SyntaxError();
    Advance();
    if (token_.kind != Kind::kName) return SyntaxError();
    if (token_.text != "ExecutionStatus") {
      return Unsupported("'GROUP BY' clause is only supported for ExecutionStatus search attribute");
    }
    filter_.group_by_status = true;
    Advance();
    return absl::OkStatus();
  }

  FilterLexer lexer_;
  absl::FunctionRef<bool(std::string_view)> is_custom_;
  FilterToken token_;
  ListFilter filter_;
};

}  // namespace

absl::StatusOr<ListFilter> ParseListFilter(std::string_view text,
                                           absl::FunctionRef<bool(std::string_view)> is_custom) {
  if (text.size() > limits::kListFilterSize) {
    return InvalidArgument(fmt::format("invalid query: longer than {} bytes", limits::kListFilterSize));
  }
  return Parser(text, is_custom).Parse();
}

}  // namespace perdure::server
