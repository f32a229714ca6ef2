#include "server/visibility/list_filter.h"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "server/visibility/filter_columns.h"
#include "server/visibility/filter_lexer.h"

namespace perdure::server {
namespace {

using persistence::Column;
using persistence::Comparison;
using persistence::Filter;
using Kind = FilterToken::Kind;

// What the real server puts before a filter to make an SQL statement of it: its positions count from there.
constexpr size_t kPrefix = std::string_view("select * from table1 where ").size();

absl::Status Unsupported(std::string_view what) {
  return InvalidArgument(fmt::format("invalid query: operation is not supported: {}", what));
}

absl::Status InvalidExpression(std::string_view why) {
  return InvalidArgument(fmt::format("invalid query: invalid expression: {}", why));
}

std::optional<Comparison> ComparisonOf(const FilterToken& token) {
  if (token.IsSymbol("=")) return Comparison::kEqual;
  if (token.IsSymbol("!=") || token.IsSymbol("<>")) return Comparison::kNotEqual;
  if (token.IsSymbol("<")) return Comparison::kLess;
  if (token.IsSymbol("<=")) return Comparison::kLessOrEqual;
  if (token.IsSymbol(">")) return Comparison::kGreater;
  if (token.IsSymbol(">=")) return Comparison::kGreaterOrEqual;
  return std::nullopt;
}

bool IsAnd(const FilterToken& token) { return token.IsKeyword("AND") || token.IsSymbol("&&"); }
bool IsOr(const FilterToken& token) { return token.IsKeyword("OR") || token.IsSymbol("||"); }

// Recursive descent: disjunction = conjunction {OR conjunction}; conjunction = term {AND term};
// term = NOT term | "(" disjunction ")" | name comparison. What a NOT stands before is read with `negated`:
// it turns the comparisons round, and AND into OR.
class Parser {
 public:
  Parser(std::string_view text, absl::FunctionRef<bool(std::string_view)> is_custom)
      : lexer_(text), is_custom_(is_custom) {
    Advance();
  }

  absl::StatusOr<ListFilter> Parse() {
    ListFilter result;
    if (token_.kind == Kind::kEnd) return result;
    if (!token_.IsKeyword("GROUP") && !token_.IsKeyword("ORDER")) {
      auto filter = Disjunction(0, false);
      if (!filter.ok()) return filter.status();
      result.filter = *std::move(filter);
    }
    if (token_.IsKeyword("GROUP")) {
      const absl::Status status = GroupBy();
      if (!status.ok()) return status;
      result.group_by_status = true;
    }
    if (token_.IsKeyword("ORDER")) return Unsupported("'ORDER BY' clause");
    if (token_.IsKeyword("LIMIT")) return Unsupported("'LIMIT' clause");
    if (token_.kind != Kind::kEnd) return SyntaxError();
    return result;
  }

 private:
  void Advance() { token_ = lexer_.Next(); }

  bool Take(std::string_view keyword) {
    if (!token_.IsKeyword(keyword)) return false;
    Advance();
    return true;
  }

  absl::Status SyntaxError() const {
    const std::string near = token_.kind == Kind::kEnd ? "" : fmt::format(" near '{}'", token_.text);
    return InvalidArgument(fmt::format("invalid query: malformed SQL query: syntax error at position {}{}",
                                       kPrefix + token_.end + 1, near));
  }

  absl::StatusOr<Filter> Disjunction(size_t depth, bool negated) {
    if (depth > limits::kListFilterDepth) return Unsupported("parentheses nested that deep");
    std::vector<Filter> parts;
    do {
      if (!parts.empty()) Advance();
      auto part = Conjunction(depth, negated);
      if (!part.ok()) return part;
      parts.push_back(*std::move(part));
    } while (IsOr(token_));
    return Join(std::move(parts), /*any=*/!negated);
  }

  absl::StatusOr<Filter> Conjunction(size_t depth, bool negated) {
    std::vector<Filter> parts;
    do {
      if (!parts.empty()) Advance();
      auto part = Term(depth, negated);
      if (!part.ok()) return part;
      parts.push_back(*std::move(part));
    } while (IsAnd(token_));
    return Join(std::move(parts), /*any=*/negated);
  }

  static Filter Join(std::vector<Filter> parts, bool any) {
    if (parts.size() == 1) return std::move(parts.front());
    return any ? Filter::Any(std::move(parts)) : Filter::All(std::move(parts));
  }

  absl::StatusOr<Filter> Term(size_t depth, bool negated) {
    while (Take("NOT")) negated = !negated;
    if (token_.IsSymbol("(")) {
      Advance();
      auto inner = Disjunction(depth + 1, negated);
      if (!inner.ok()) return inner;
      if (!token_.IsSymbol(")")) return SyntaxError();
      Advance();
      return inner;
    }
    if (token_.kind != Kind::kName || token_.IsKeyword("LIMIT") || token_.IsKeyword("ORDER") ||
        IsAnd(token_) || IsOr(token_)) {
      return SyntaxError();
    }
    const std::string name = std::exchange(token_, {}).text;
    Advance();
    return NameRead(name, negated);
  }

  // `name` has been read.
  absl::StatusOr<Filter> NameRead(const std::string& name, bool negated) {
    if (token_.kind == Kind::kEnd || token_.IsSymbol(")") || IsAnd(token_) || IsOr(token_)) {
      return InvalidExpression("incomplete expression");
    }
    if (Take("IS")) return IsNull(name, negated);
    const bool not_written = Take("NOT");
    negated = negated != not_written;
    if (Take("BETWEEN")) return Between(name, negated);
    if (Take("IN")) return In(name, negated);
    if (Take("STARTS_WITH")) return Compare(name, Comparison::kStartsWith, negated);
    if (token_.IsKeyword("LIKE")) {
      return Unsupported(fmt::format("operator '{}LIKE' not supported for Keyword type search attribute '{}'",
                                     not_written ? "NOT " : "", name));
    }
    const auto comparison = ComparisonOf(token_);
    if (!comparison || not_written) return SyntaxError();
    Advance();
    return Compare(name, *comparison, negated);
  }

  // Reads the value.
  absl::StatusOr<Filter> Compare(const std::string& name, Comparison comparison, bool negated) {
    if (token_.kind == Kind::kEnd || token_.kind == Kind::kBad || token_.kind == Kind::kSymbol)
      return SyntaxError();
    const auto attribute = FindFilterAttribute(name, is_custom_);
    if (!attribute.ok()) return attribute.status();
    if (token_.kind == Kind::kName && !token_.IsKeyword("TRUE") && !token_.IsKeyword("FALSE")) {
      return Unsupported(fmt::format(
          "column name on the right side of comparison expression (did you forget to quote \"{}\"?)",
          token_.text));
    }
    if (++comparisons_ > limits::kListFilterComparisons) {
      return Unsupported(fmt::format("more than {} comparisons", limits::kListFilterComparisons));
    }
    const FilterToken value = std::exchange(token_, {});
    Advance();
    return CompareAttribute(*attribute, negated ? Opposite(comparison) : comparison, value);
  }

  absl::StatusOr<Filter> Between(const std::string& name, bool negated) {
    auto low = Compare(name, Comparison::kGreaterOrEqual, negated);
    if (!low.ok()) return low;
    if (!IsAnd(token_)) return SyntaxError();
    Advance();
    auto high = Compare(name, Comparison::kLessOrEqual, negated);
    if (!high.ok()) return high;
    return Join({*std::move(low), *std::move(high)}, /*any=*/negated);
  }

  absl::StatusOr<Filter> In(const std::string& name, bool negated) {
    if (!token_.IsSymbol("(")) return SyntaxError();
    std::vector<Filter> parts;
    do {
      Advance();
      auto part = Compare(name, Comparison::kEqual, negated);
      if (!part.ok()) return part;
      parts.push_back(*std::move(part));
    } while (token_.IsSymbol(","));
    if (!token_.IsSymbol(")")) return SyntaxError();
    Advance();
    return Join(std::move(parts), /*any=*/!negated);
  }

  absl::StatusOr<Filter> IsNull(const std::string& name, bool negated) {
    if (Take("NOT")) negated = !negated;
    if (!Take("NULL")) return SyntaxError();
    const auto attribute = FindFilterAttribute(name, is_custom_);
    if (!attribute.ok()) return attribute.status();
    return AttributeIsNull(*attribute, negated);
  }

  absl::Status GroupBy() {
    Advance();
    if (!Take("BY")) return SyntaxError();
    if (token_.kind != Kind::kName) return SyntaxError();
    if (token_.text != "ExecutionStatus") {
      return Unsupported(
          fmt::format("'GROUP BY' clause is not supported for search attribute {}", token_.text));
    }
    Advance();
    if (token_.IsSymbol(",")) return Unsupported("'GROUP BY' clause supports only a single field");
    return absl::OkStatus();
  }

  FilterLexer lexer_;
  absl::FunctionRef<bool(std::string_view)> is_custom_;
  FilterToken token_;
  size_t comparisons_ = 0;
};

// The workflow id that every row of the filter has, if it says so.
const std::string* OnlyWorkflowId(const Filter& filter) {
  if (filter.kind == Filter::Kind::kCondition) {
    const auto& condition = filter.condition;
    const bool names_it =
        condition.column == Column::kWorkflowId && condition.comparison == Comparison::kEqual;
    return names_it ? &std::get<std::string>(condition.value) : nullptr;
  }
  if (filter.kind == Filter::Kind::kAny) return nullptr;
  for (const Filter& part : filter.parts) {
    if (const std::string* id = OnlyWorkflowId(part)) return id;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<ListFilter> ParseListFilter(std::string_view text,
                                           absl::FunctionRef<bool(std::string_view)> is_custom) {
  if (text.size() > limits::kListFilterSize) {
    return InvalidArgument(fmt::format("invalid query: longer than {} bytes", limits::kListFilterSize));
  }
  return Parser(text, is_custom).Parse();
}

persistence::VisibilityQuery ToQuery(const Uuid& namespace_id, ListFilter filter) {
  persistence::VisibilityQuery query;
  query.namespace_id = namespace_id;
  query.group_by_status = filter.group_by_status;
  if (const std::string* id = OnlyWorkflowId(filter.filter)) query.shard = ShardOf(namespace_id, *id);
  query.filter = std::move(filter.filter);
  return query;
}

}  // namespace perdure::server
