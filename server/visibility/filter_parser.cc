#include "server/visibility/filter_parser.h"

#include <utility>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace perdure::server {
namespace {

using persistence::Comparison;
using Kind = FilterToken::Kind;
using Join = persistence::Filter::Kind;

// What the real server puts before a filter to make an SQL statement of it: its positions count from there.
constexpr size_t kPrefix = std::string_view("select * from table1 where ").size();

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

Comparison Opposite(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual:
      return Comparison::kNotEqual;
    case Comparison::kNotEqual:
      return Comparison::kEqual;
    case Comparison::kLess:
      return Comparison::kGreaterOrEqual;
    case Comparison::kLessOrEqual:
      return Comparison::kGreater;
    case Comparison::kGreater:
      return Comparison::kLessOrEqual;
    case Comparison::kGreaterOrEqual:
      return Comparison::kLess;
    case Comparison::kStartsWith:
      return Comparison::kNotStartsWith;
    case Comparison::kNotStartsWith:
      return Comparison::kStartsWith;
    case Comparison::kIsNull:
      return Comparison::kIsNotNull;
    case Comparison::kIsNotNull:
      return Comparison::kIsNull;
  }
  PERDURE_CHECK(false, "a comparison that is not one");
}

FilterTree Joined(Join kind, std::vector<FilterTree> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  FilterTree tree;
  tree.kind = kind;
  tree.parts = std::move(parts);
  return tree;
}

FilterTree Leaf(std::string name, Comparison comparison, FilterToken value) {
  FilterTree tree;
  tree.kind = Join::kCondition;
  tree.name = std::move(name);
  tree.comparison = comparison;
  tree.value = std::move(value);
  return tree;
}

// Recursive descent: disjunction = conjunction {OR conjunction}; conjunction = term {AND term};
// term = NOT term | "(" disjunction ")" | name comparison. What a NOT stands before is read with `negated`:
// it turns the comparisons round, and AND into OR.
class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) { Advance(); }

  absl::StatusOr<ParsedFilter> Parse() {
    ParsedFilter result;
    if (token_.kind == Kind::kEnd) return result;
    if (!token_.IsKeyword("GROUP") && !token_.IsKeyword("ORDER")) {
      auto tree = Disjunction(0, false);
      if (!tree.ok()) return tree.status();
      result.tree = *std::move(tree);
    }
    if (Take("GROUP")) {
      auto name = GroupBy();
      if (!name.ok()) return name.status();
      result.group_by = *std::move(name);
    }
    if (token_.IsKeyword("ORDER")) return UnsupportedInFilter("'ORDER BY' clause");
    if (token_.IsKeyword("LIMIT")) return UnsupportedInFilter("'LIMIT' clause");
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
    std::string near;
    if (token_.kind == Kind::kName)
      near = fmt::format(" near '{}'", absl::AsciiStrToLower(Shown(token_.text)));
    if (token_.kind == Kind::kString) near = fmt::format(" near '{}'", Shown(token_.text));
    return InvalidArgument(fmt::format("invalid query: malformed SQL query: syntax error at position {}{}",
                                       kPrefix + token_.end + 1, near));
  }

  absl::StatusOr<FilterTree> Disjunction(size_t depth, bool negated) {
    if (depth > limits::kListFilterDepth) return UnsupportedInFilter("parentheses nested that deep");
    std::vector<FilterTree> parts;
    do {
      if (!parts.empty()) Advance();
      auto part = Conjunction(depth, negated);
      if (!part.ok()) return part;
      parts.push_back(*std::move(part));
    } while (IsOr(token_));
    return Joined(negated ? Join::kAll : Join::kAny, std::move(parts));
  }

  absl::StatusOr<FilterTree> Conjunction(size_t depth, bool negated) {
    std::vector<FilterTree> parts;
    do {
      if (!parts.empty()) Advance();
      auto part = Term(depth, negated);
      if (!part.ok()) return part;
      parts.push_back(*std::move(part));
    } while (IsAnd(token_));
    return Joined(negated ? Join::kAny : Join::kAll, std::move(parts));
  }

  absl::StatusOr<FilterTree> Term(size_t depth, bool negated) {
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
        token_.IsKeyword("GROUP") || IsAnd(token_) || IsOr(token_)) {
      return SyntaxError();
    }
    const std::string name = std::exchange(token_, {}).text;
    Advance();
    return NameRead(name, negated);
  }

  // `name` has been read.
  absl::StatusOr<FilterTree> NameRead(const std::string& name, bool negated) {
    if (token_.kind == Kind::kEnd || token_.IsSymbol(")") || IsAnd(token_) || IsOr(token_)) {
      return InvalidArgument("invalid query: invalid expression: incomplete expression");
    }
    if (Take("IS")) return IsNull(name, negated);
    const bool not_written = Take("NOT");
    negated = negated != not_written;
    if (Take("BETWEEN")) return Between(name, negated);
    if (Take("IN")) return In(name, negated);
    if (Take("STARTS_WITH")) return Compare(name, Comparison::kStartsWith, negated);
    if (token_.IsKeyword("LIKE")) {
      return UnsupportedInFilter(
          fmt::format("operator '{}LIKE' not supported for Keyword type search attribute '{}'",
                      not_written ? "NOT " : "", Shown(name)));
    }
    const auto comparison = ComparisonOf(token_);
    if (!comparison || not_written) return SyntaxError();
    Advance();
    return Compare(name, *comparison, negated);
  }

  // Reads the value.
  absl::StatusOr<FilterTree> Compare(const std::string& name, Comparison comparison, bool negated,
                                     std::string_view written = {}) {
    if (token_.kind == Kind::kEnd || token_.kind == Kind::kBad || token_.kind == Kind::kSymbol)
      return SyntaxError();
    if (++comparisons_ > limits::kListFilterComparisons) {
      return UnsupportedInFilter(fmt::format("more than {} comparisons", limits::kListFilterComparisons));
    }
    FilterTree leaf = Leaf(name, negated ? Opposite(comparison) : comparison, std::exchange(token_, {}));
    leaf.written = written;
    Advance();
    return leaf;
  }

  absl::StatusOr<FilterTree> Between(const std::string& name, bool negated) {
    auto low = Compare(name, Comparison::kGreaterOrEqual, negated, "BETWEEN");
    if (!low.ok()) return low;
    if (!IsAnd(token_)) return SyntaxError();
    Advance();
    auto high = Compare(name, Comparison::kLessOrEqual, negated, "BETWEEN");
    if (!high.ok()) return high;
    return Joined(negated ? Join::kAny : Join::kAll, {*std::move(low), *std::move(high)});
  }

  absl::StatusOr<FilterTree> In(const std::string& name, bool negated) {
    if (!token_.IsSymbol("(")) return SyntaxError();
    std::vector<FilterTree> parts;
    do {
      Advance();
      auto part = Compare(name, Comparison::kEqual, negated, negated ? "NOT IN" : "IN");
      if (!part.ok()) return part;
      parts.push_back(*std::move(part));
    } while (token_.IsSymbol(","));
    if (!token_.IsSymbol(")")) return SyntaxError();
    Advance();
    return Joined(negated ? Join::kAll : Join::kAny, std::move(parts));
  }

  absl::StatusOr<FilterTree> IsNull(const std::string& name, bool negated) {
    if (Take("NOT")) negated = !negated;
    if (!Take("NULL")) return SyntaxError();
    return Leaf(name, negated ? Comparison::kIsNotNull : Comparison::kIsNull, {});
  }

  absl::StatusOr<std::string> GroupBy() {
    if (!Take("BY")) return SyntaxError();
    if (token_.kind != Kind::kName) return SyntaxError();
    std::string name = std::exchange(token_, {}).text;
    Advance();
    if (token_.IsSymbol(",")) return UnsupportedInFilter("'GROUP BY' clause supports only a single field");
    return name;
  }

  FilterLexer lexer_;
  FilterToken token_;
  size_t comparisons_ = 0;
};

}  // namespace

absl::Status UnsupportedInFilter(std::string_view what) {
  return InvalidArgument(fmt::format("invalid query: operation is not supported: {}", what));
}

absl::StatusOr<ParsedFilter> ParseFilter(std::string_view text) {
  if (text.size() > limits::kListFilterSize) {
    return InvalidArgument(fmt::format("invalid query: longer than {} bytes", limits::kListFilterSize));
  }
  return Parser(text).Parse();
}

}  // namespace perdure::server
