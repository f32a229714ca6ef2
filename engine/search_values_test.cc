#include "engine/search_values.h"

#include <algorithm>
#include <limits>

#include <catch2/catch.hpp>

#include "engine/search_attributes.h"

namespace perdure::engine {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::common::v1::Payload;
using temporal::api::common::v1::SearchAttributes;

Payload Json(const std::string& data, const std::string& type) {
  Payload payload;
  (*payload.mutable_metadata())["encoding"] = "json/plain";
  if (!type.empty()) (*payload.mutable_metadata())["type"] = type;
  payload.set_data(data);
  return payload;
}

std::vector<std::string> EntriesOf(const std::string& data, const std::string& type) {
  SearchAttributes attributes;
  (*attributes.mutable_indexed_fields())["A"] = Json(data, type);
  return SearchEntriesOf(attributes);
}

using Entries = std::vector<std::string>;

}  // namespace

TEST_CASE("the entries of an attribute are its values, behind its name and type") {
  CHECK(EntriesOf(R"("x")", "Keyword") == Entries{"\1AKx"});
  CHECK(EntriesOf(R"(["x"])", "Keyword") == Entries{"\1AKx"});
  CHECK(EntriesOf(R"("")", "Keyword") == Entries{"\1AK"});
  CHECK(EntriesOf(R"(["y","x","y"])", "KeywordList") == Entries{"\1ALx", "\1ALy"});
  CHECK(EntriesOf(R"("One two, one")", "Text") == Entries{"\1AT", "\1ATone", "\1ATtwo"});
  CHECK(EntriesOf("true", "Bool") == Entries{"\1AB1"});
  CHECK(EntriesOf("1", "Int") == Entries{std::string("\1AI\x80\0\0\0\0\0\0\1", 11)});
  for (const char* type : {"Keyword", "KeywordList", "Text", "Bool", "Int", "Double", "Datetime"}) {
    CHECK(EntriesOf("null", type).empty());
    CHECK(EntriesOf("[]", type).empty());
    CHECK(EntriesOf("{", type).empty());
    CHECK(EntriesOf("{}", type).empty());
    CHECK(EntriesOf("[[]]", type).empty());
  }
  CHECK(EntriesOf("1", "").empty());
  CHECK(EntriesOf("1", "Keyword").empty());
}

TEST_CASE("a null in a list stands for nothing's value, as on the real server") {
  CHECK(EntriesOf("[null]", "Keyword") == EntriesOf(R"("")", "Keyword"));
  CHECK(EntriesOf("[null]", "Int") == EntriesOf("0", "Int"));
  CHECK(EntriesOf("[null]", "Bool") == EntriesOf("false", "Bool"));
  CHECK(EntriesOf("[null]", "Datetime") == EntriesOf(R"("0001-01-01T00:00:00Z")", "Datetime"));
}

TEST_CASE("entries order as their values do") {
  const auto in_order = [](const std::vector<SearchValue>& values) {
    std::vector<std::string> bytes;
    for (const SearchValue& value : values) bytes.push_back(SearchEntryValue(value));
    return std::is_sorted(bytes.begin(), bytes.end()) &&
           std::adjacent_find(bytes.begin(), bytes.end()) == bytes.end();
  };
  CHECK(in_order({std::numeric_limits<int64_t>::min(), int64_t{-256}, int64_t{-1}, int64_t{0}, int64_t{1},
                  int64_t{256}, std::numeric_limits<int64_t>::max()}));
  CHECK(in_order({-1e300, -2.5, -1e-300, 0.0, 1e-300, 1.0, 1.5, 1e300}));
  CHECK(in_order({absl::FromUnixSeconds(-5), absl::UnixEpoch(), absl::FromUnixMicros(1)}));
  CHECK(in_order({false, true}));
  CHECK(SearchEntryValue(-0.0) == SearchEntryValue(0.0));
  CHECK(SearchEntryValue(absl::FromUnixNanos(1500)) == SearchEntryValue(absl::FromUnixMicros(1)));
}

TEST_CASE("a time is written in full, and nothing else is one") {
  const auto is_time = [](const std::string& text) {
    return SearchValuesOf(enums::INDEXED_VALUE_TYPE_DATETIME, Json("\"" + text + "\"", "")).has_value();
  };
  CHECK(is_time("2020-01-02T03:04:05Z"));
  CHECK(is_time("2020-01-02T03:04:05.678+01:00"));
  for (const char* text : {"", "infinite-future", "infinite-past", " 2020-01-02T03:04:05Z",
                           "2020-01-02T03:04:05Z ", "2020-01-02T03:04:05Z\\t", "2020-01-02"}) {
    CAPTURE(text);
    CHECK_FALSE(is_time(text));
  }
}

TEST_CASE("an integer beyond 64 bits is none") {
  CHECK(SearchValuesOf(enums::INDEXED_VALUE_TYPE_INT, Json("9223372036854775807", "")).has_value());
  CHECK_FALSE(SearchValuesOf(enums::INDEXED_VALUE_TYPE_INT, Json("9223372036854775808", "")).has_value());
  CHECK_FALSE(SearchValuesOf(enums::INDEXED_VALUE_TYPE_INT, Json("5.0", "")).has_value());
  CHECK(SearchValuesOf(enums::INDEXED_VALUE_TYPE_DOUBLE, Json("5", "")).has_value());
}

}  // namespace perdure::engine
