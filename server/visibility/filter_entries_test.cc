// Filters on custom attributes: six runs, and which of them each filter finds. The answers are the real
// server's, but for what is said to differ.
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "base/limits.h"
#include "engine/search_values.h"
#include "persistence/visibility_match.h"
#include "server/visibility/list_filter.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::common::v1::SearchAttributes;

const engine::SearchAttributeTypes& Types() {
  static const engine::SearchAttributeTypes& types = *new engine::SearchAttributeTypes{
      {"Text", enums::INDEXED_VALUE_TYPE_TEXT},       {"Key", enums::INDEXED_VALUE_TYPE_KEYWORD},
      {"Key Two", enums::INDEXED_VALUE_TYPE_KEYWORD}, {"Int", enums::INDEXED_VALUE_TYPE_INT},
      {"Double", enums::INDEXED_VALUE_TYPE_DOUBLE},   {"Bool", enums::INDEXED_VALUE_TYPE_BOOL},
      {"Time", enums::INDEXED_VALUE_TYPE_DATETIME},   {"List", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST}};
  return types;
}

persistence::ExecutionRow RowOf(const std::map<std::string, std::string>& values) {
  SearchAttributes attributes;
  for (const auto& [name, json] : values) {
    auto& payload = (*attributes.mutable_indexed_fields())[name];
    (*payload.mutable_metadata())["encoding"] = "json/plain";
    payload.set_data(json);
  }
  REQUIRE(engine::NormalizeSearchAttributes(Types(), "default", attributes).ok());
  persistence::ExecutionRow row;
  row.entries = engine::SearchEntriesOf(attributes);
  return row;
}

const std::vector<persistence::ExecutionRow>& Rows() {
  static const std::vector<persistence::ExecutionRow>& rows = *new std::vector<persistence::ExecutionRow>{
      RowOf({{"Key", R"("red")"},
             {"Int", "5"},
             {"Double", "1.5"},
             {"Bool", "true"},
             {"Time", R"("2024-01-01T00:00:00.123456789+02:00")"},
             {"List", R"(["a","b"])"},
             {"Text", R"("The quick-brown fox, JUMPS over_the lazy.dog 42 it's user@example.com Größe")"}}),
      RowOf({{"Key", R"("Red")"},
             {"Int", "-7"},
             {"Double", "-2"},
             {"Bool", "false"},
             {"Time", R"("2023-01-01T00:00:00Z")"},
             {"List", R"(["b","c"])"},
             {"Text", R"("slow green turtle a.b.c foo/bar naïve")"}}),
      RowOf({}),
      RowOf({{"Key", R"("")"}, {"Text", R"("")"}, {"List", "[]"}, {"Int", "0"}}),
      RowOf({{"Key", "null"}, {"List", R"([""])"}}),
      RowOf({{"List", R"(["a","a"])"},
             {"Key Two", R"("x")"},
             {"Double", "5"},
             {"Int", "[9]"},
             {"Key", R"(["lst"])"},
             {"Text", R"(["in list"])"},
             {"Bool", "[true]"}})};
  return rows;
}

// The numbers of the runs that the filter finds, or why it is none.
std::string Found(std::string_view text) {
  const auto parsed = ParseListFilter(text, Types());
  if (!parsed.ok()) return std::string(parsed.status().message());
  std::string found;
  for (size_t i = 0; i < Rows().size(); ++i) {
    if (persistence::Matches({}, Rows()[i], parsed->filter)) found += std::to_string(i + 1);
  }
  return found;
}

std::string WrongValue(const std::string& what) {
  return "invalid query: invalid expression: invalid value type for search attribute " + what;
}

std::string NotSupported(const std::string& what) {
  return "invalid query: operation is not supported: operator " + what;
}

}  // namespace

TEST_CASE("keywords compare by their bytes; one that is not set satisfies no comparison") {
  CHECK(Found("Key = 'red'") == "1");
  CHECK(Found("Key = ''") == "4");
  CHECK(Found("Key != 'red'") == "246");
  CHECK(Found("Key > 'a'") == "16");
  CHECK(Found("Key < 'a'") == "24");
  CHECK(Found("Key >= 'red'") == "1");
  CHECK(Found("Key <= 'red'") == "1246");
  CHECK(Found("Key BETWEEN 'a' AND 's'") == "16");
  CHECK(Found("Key NOT BETWEEN 'a' AND 's'") == "24");
  CHECK(Found("Key IN ('red', 'Red')") == "12");
  CHECK(Found("Key NOT IN ('red')") == "246");
  CHECK(Found("Key STARTS_WITH ''") == "1246");
  CHECK(Found("Key IS NULL") == "35");
  CHECK(Found("Key IS NOT NULL") == "1246");
  CHECK(Found("NOT (Key = 'red' OR Int = -7)") == "46");
  CHECK(Found("`Key Two` = 'x'") == "6");
  // The real server's SQLite takes upper case for lower case here, its other stores do not.
  CHECK(Found("Key STARTS_WITH 're'") == "1");
  CHECK(Found("Key NOT STARTS_WITH 're'") == "246");
  CHECK(Found("Key = 5") == WrongValue("Key of type Keyword: 5 (type: int64)"));
}

TEST_CASE("numbers compare as numbers, whole ones with others too") {
  CHECK(Found("Int = 5") == "1");
  CHECK(Found("Int != 5") == "246");
  CHECK(Found("Int >= 0") == "146");
  CHECK(Found("Int < 0") == "2");
  CHECK(Found("Int BETWEEN -7 AND 5") == "124");
  CHECK(Found("Int NOT BETWEEN 0 AND 5") == "26");
  CHECK(Found("Int IN (5, 9)") == "16");
  CHECK(Found("Int NOT IN (5, 9)") == "24");
  CHECK(Found("Int = 5.0") == "1");
  CHECK(Found("Int = 5.5").empty());
  CHECK(Found("Int != 5.5") == "1246");
  CHECK(Found("Int > 4.5") == "16");
  CHECK(Found("Int >= 4.5") == "16");
  CHECK(Found("Int < 4.5") == "24");
  CHECK(Found("Int <= -6.5") == "2");
  CHECK(Found("Int = 99999999999999999999").empty());
  CHECK(Found("Int < 99999999999999999999") == "1246");
  CHECK(Found("Int > -1e30") == "1246");
  CHECK(Found("Int > 1e30").empty());
  CHECK(Found("Int IS NULL") == "35");
  CHECK(Found("Double = 1.5") == "1");
  CHECK(Found("Double = 5") == "6");
  CHECK(Found("Double > 1") == "16");
  CHECK(Found("Double < 0.0") == "2");
  CHECK(Found("Double BETWEEN -2 AND 1.5") == "12");
  CHECK(Found("Double > -1.5e0") == "16");
  CHECK(Found("Double IS NULL") == "345");
  CHECK(Found("Int = '5'") == WrongValue("Int of type Int: \"5\" (type: string)"));
  CHECK(Found("Double = true") == WrongValue("Double of type Double: true (type: bool)"));
  CHECK(Found("Int STARTS_WITH 5") ==
        NotSupported("'STARTS_WITH' not supported for Int type search attribute 'Int'"));
}

TEST_CASE("truths and times") {
  CHECK(Found("Bool = true") == "16");
  CHECK(Found("Bool != TRUE") == "2");
  CHECK(Found("Bool > false") == "16");
  CHECK(Found("Bool IN (true, false)") == "126");
  CHECK(Found("Bool IS NULL") == "345");
  CHECK(Found("Bool = 'true'") == WrongValue("Bool of type Bool: \"true\" (type: string)"));
  CHECK(
      Found("Bool BETWEEN false AND true") ==
      "invalid query: invalid expression: cannot do range condition on search attribute 'Bool' of type Bool");
  CHECK(Found("Time > '2023-12-31T22:00:00Z'") == "1");
  CHECK(Found("Time < '2024-01-01T00:00:00Z'") == "12");
  CHECK(Found("Time BETWEEN '2023-01-01T00:00:00Z' AND '2023-06-01T00:00:00Z'") == "2");
  CHECK(Found("Time > 5") == "12");
  CHECK(Found("Time IS NULL") == "3456");
  // Microseconds, as on the real server's PostgreSQL; its SQLite has milliseconds, and loses whole seconds.
  CHECK(Found("Time = '2023-12-31T22:00:00.123456Z'") == "1");
  CHECK(Found("Time = '2023-12-31T22:00:00.123456789Z'") == "1");
  CHECK(Found("Time = '2023-01-01T00:00:00Z'") == "2");
  CHECK(Found("Time = 'x'") == "invalid query: invalid expression: unable to parse datetime 'x'");
}

TEST_CASE("of a list of keywords it is asked what it has") {
  CHECK(Found("List = 'a'") == "16");
  CHECK(Found("List = 'b'") == "12");
  CHECK(Found("List != 'a'") == "2345");
  CHECK(Found("List IN ('a', 'c')") == "126");
  CHECK(Found("List NOT IN ('a', 'c')") == "345");
  CHECK(Found("NOT List = 'a'") == "2345");
  CHECK(Found("List IS NULL") == "34");
  CHECK(Found("List IS NOT NULL") == "1256");
  CHECK(Found("List = ''") == "5");  // the real server's SQLite finds no empty keyword
  CHECK(Found("List > 'a'") ==
        NotSupported("'>' not supported for KeywordList type search attribute 'List'"));
  CHECK(Found("List STARTS_WITH 'a'") ==
        NotSupported("'STARTS_WITH' not supported for KeywordList type search attribute 'List'"));
}

TEST_CASE("a text is found by any of its words") {
  for (const char* words : {"quick",       "QUICK", "brown", "quick-brown", "quick brown",
                            "brown quick", "fox,",  "over",  "over_the",    "lazy.dog",
                            "dog",         "42",    "it",    "it''s",       "user@example.com",
                            "example",     "größe", "GRÖßE", "quick*",      "the"}) {
    CAPTURE(words);
    CHECK(Found("Text = '" + std::string(words) + "'") == "1");
  }
  for (const char* words : {"naive", "naïve", "foo/bar", "bar", "a.b.c", "a"}) {
    CHECK(Found("Text = '" + std::string(words) + "'") == "2");
  }
  for (const char* words : {"fo", "its", "grosse", "...", "quick-turtle"}) {
    CHECK(Found("Text = '" + std::string(words) + "'").empty());
  }
  CHECK(Found("Text = 'fox turtle'") == "12");
  CHECK(Found("Text = '... turtle'") == "2");
  CHECK(Found("Text != 'quick'") == "23456");
  CHECK(Found("Text != 'turtle quick'") == "3456");
  CHECK(Found("NOT Text = 'quick'") == "23456");
  CHECK(Found("Text IS NULL") == "35");
  CHECK(Found("Text IS NOT NULL") == "1246");
  CHECK(Found("Text = '  '") ==
        "invalid query: invalid expression: no tokens found filtering on Text type search attribute Text");
  CHECK(Found("Text NOT IN ('quick')") ==
        NotSupported("'NOT IN' not supported for Text type search attribute 'Text'"));
  CHECK(Found("Text >= 'a'") == NotSupported("'>=' not supported for Text type search attribute 'Text'"));
  CHECK(Found("Text = 5") == WrongValue("Text of type Text: 5 (type: int64)"));
}

TEST_CASE("the words of a filter are bounded, in one text and in all") {
  const auto words = [](size_t number) {
    std::string text = "Text = 'w";
    for (size_t i = 1; i < number; ++i) text += " w";
    return text + "'";
  };
  const std::string most = words(limits::kListFilterComparisons);
  const std::string refused = "invalid query: operation is not supported: more than 500 words";
  CHECK(Found(most).empty());
  CHECK(Found(words(limits::kListFilterComparisons + 1)) == refused);
  CHECK(Found(fmt::format("{0} OR {0}", most)).empty());
  CHECK(Found(fmt::format("{0} OR {0} OR Text = 'fox'", most)) ==
        "invalid query: operation is not supported: more than 1000 looks into search attributes");
}

TEST_CASE("comparisons that look twice are refused for their looks, not for words") {
  const auto listed = [](size_t number) {
    std::string text = "Key NOT IN ('w'";
    for (size_t i = 1; i < number; ++i) text += ",'w'";
    return text + ")";
  };
  const size_t most = limits::kListFilterLooks / 2;
  CHECK_FALSE(absl::StrContains(Found(listed(most)), "invalid query"));
  CHECK(Found(listed(most - 1) + " AND Text != 'a b c'") ==
        "invalid query: operation is not supported: more than 1000 looks into search attributes");
}

TEST_CASE("an attribute of another type under the same name is another attribute") {
  const auto parsed = ParseListFilter("Key = 5", {{"Key", enums::INDEXED_VALUE_TYPE_INT}});
  REQUIRE(parsed.ok());
  for (const auto& row : Rows()) CHECK_FALSE(persistence::Matches({}, row, parsed->filter));
}

}  // namespace perdure::server
