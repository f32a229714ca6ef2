// Words of a list filter. Takes any bytes; the text outlives the lexer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace perdure::server {

struct FilterToken {
  enum class Kind { kEnd, kBad, kName, kString, kInteger, kNumber, kSymbol };
  Kind kind = Kind::kEnd;
  std::string text;  // a name as written, a string's content, a number's digits, a symbol
  bool quoted_name = false;
  size_t end = 0;  // offset behind it

  // Keywords are names, in any case.
  bool IsKeyword(std::string_view upper) const;
  bool IsSymbol(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
};

class FilterLexer {
 public:
  explicit FilterLexer(std::string_view text) : text_(text) {}
  FilterToken Next();

 private:
  FilterToken Quoted(char quote);
  FilterToken Number();
  FilterToken Word();
  FilterToken Symbol();
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  FilterToken Make(FilterToken::Kind kind, std::string text) const;

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace perdure::server
