#include "server/visibility/filter_lexer.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/text.h"

namespace perdure::server {
namespace {

bool IsNameStart(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsNamePart(char c) {
  return IsNameStart(c) || absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.';
}
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

}  // namespace

bool FilterToken::IsKeyword(std::string_view upper) const {
  return kind == Kind::kName && !quoted_name && absl::EqualsIgnoreCase(text, AbslView(upper));
}

FilterToken FilterLexer::Next() {
  while (absl::ascii_isspace(static_cast<unsigned char>(Peek())) && at_ < text_.size()) ++at_;
  if (at_ >= text_.size()) return Make(FilterToken::Kind::kEnd, "");
  const char c = Peek();
  if (c == '\'' || c == '"' || c == '`') return Quoted(c);
  if (IsDigit(c) || ((c == '-' || c == '.') && IsDigit(Peek(1)))) return Number();
  if (IsNameStart(c)) return Word();
  return Symbol();
}

FilterToken FilterLexer::Quoted(char quote) {
  std::string content;
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = Peek();
    const bool escaped = c == '\\' && quote != '`' && at_ + 1 < text_.size();
    const bool doubled = c == quote && Peek(1) == quote;
    if (escaped || doubled) {
      content.push_back(text_[++at_]);
    } else if (c == quote) {
      ++at_;
      FilterToken token =
          Make(quote == '`' ? FilterToken::Kind::kName : FilterToken::Kind::kString, std::move(content));
      token.quoted_name = quote == '`';
      return token;
    } else {
      content.push_back(c);
    }
  }
  return Make(FilterToken::Kind::kBad, std::move(content));
}

FilterToken FilterLexer::Number() {
  const size_t begin = at_++;
  bool integer = text_[begin] != '.';
  while (IsDigit(Peek()) || Peek() == '.' || Peek() == 'e' || Peek() == 'E') {
    integer = integer && IsDigit(Peek());
    ++at_;
  }
  return Make(integer ? FilterToken::Kind::kInteger : FilterToken::Kind::kNumber,
              std::string(text_.substr(begin, at_ - begin)));
}

FilterToken FilterLexer::Word() {
  const size_t begin = at_;
  while (IsNamePart(Peek())) ++at_;
  return Make(FilterToken::Kind::kName, std::string(text_.substr(begin, at_ - begin)));
}

FilterToken FilterLexer::Symbol() {
  for (const std::string_view symbol : {"<=", ">=", "!=", "<>", "&&", "||", "=", "<", ">", "(", ")", ","}) {
    if (text_.substr(at_, symbol.size()) == symbol) {
      at_ += symbol.size();
      return Make(FilterToken::Kind::kSymbol, std::string(symbol));
    }
  }
  ++at_;
  return Make(FilterToken::Kind::kBad, std::string(1, text_[at_ - 1]));
}

FilterToken FilterLexer::Make(FilterToken::Kind kind, std::string text) const {
  FilterToken token;
  token.kind = kind;
  token.text = std::move(text);
  token.end = at_;
  return token;
}

}  // namespace perdure::server
